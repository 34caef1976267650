/** Runs a plain function over many inputs, measured: in sequence, on threads, or in worker JVMs. */
module io.github.fornada {
  // Annotations only, for the compiler's nullness check: nothing of it is needed to run. It is not
  // transitive, so a module that uses the library compiles without it.
  requires static org.jspecify;
  // MXBeans: CPU time of threads and of the process.
  requires java.management;
  // com.sun.management: process CPU time, container memory.
  requires jdk.management;
  requires jdk.jfr;
  // sun.misc.Signal: workers leave signals to their parent.
  requires jdk.unsupported;

  exports io.github.fornada;
  exports io.github.fornada.advice;
  exports io.github.fornada.async;
  exports io.github.fornada.pipeline;
  exports io.github.fornada.process;
  exports io.github.fornada.shared;
  exports io.github.fornada.spi;
  exports io.github.fornada.threads;
  exports io.github.fornada.timeline;
}
