package io.github.fornada.elastic;

/**
 * A function that calls a method which its own class does not show, such as one that a command line
 * names. What is found out of a function's code is found out of that method instead.
 */
public interface Indirect {
  /** Returns the class of the method. */
  Class<?> calledClass();

  /** Returns the name of the method. */
  String calledMethod();
}
