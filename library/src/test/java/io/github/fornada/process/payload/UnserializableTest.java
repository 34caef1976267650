package io.github.fornada.process.payload;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.NotSerializableException;
import java.io.Serializable;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** The way to what cannot be sent, and what is said where it is not found. */
class UnserializableTest {
  @SuppressWarnings("serial") // that is what this is about
  private static final class BadRowException extends IOException {
    private static final long serialVersionUID = 1L;
    private final Object row = new Object();

    @Override
    public String getMessage() {
      return "bad row " + row;
    }
  }

  private static String text(Object root) {
    var thrown = new NotSerializableException("java.lang.Object");
    return Unserializable.text(Unserializable.in(root, "the result"), thrown, "the result");
  }

  @Test
  void theWayGoesThroughTheCauseOfAnException() {
    assertThat(text(new IOException("disk", new BadRowException())))
        .startsWith("the result.getCause().row (java.lang.Object) is not serializable. ");
  }

  @Test
  void theWayGoesThroughWhatWasSuppressed() {
    var thrown = new IOException("disk");
    thrown.addSuppressed(new BadRowException());
    assertThat(text(thrown))
        .startsWith("the result.getSuppressed().row (java.lang.Object) is not serializable. ");
  }

  @Test
  void whereTheWayIsClosedTheTextSaysInWhatItIs() {
    assertThat(text(new AtomicReference<>(new Object())))
        .isEqualTo(
            "the result holds a java.lang.Object, which is not serializable. Make its class"
                + " implement java.io.Serializable, or mark the field transient.");
  }

  @Test
  void nobodyIsToldToChangeAClassOfTheJdk() {
    assertThat(text(Optional.of(1)))
        .isEqualTo(
            "the result (java.util.Optional) is not serializable. Its class is the JDK's: leave"
                + " it out, or return what it holds instead, such as the value of an Optional, a"
                + " copy in an ArrayList or a HashMap, or a record.");
    assertThat(text(Map.of(1, new ArrayList<>(List.of(1, 2)).subList(0, 1))))
        .contains("the result[1] (java.util.ArrayList$SubList) is not serializable.")
        .contains("Its class is the JDK's: leave it out, or return what it holds");
    var thrown = new NotSerializableException("java.util.Optional");
    assertThat(
            Unserializable.text(Unserializable.in(Optional.of(1), "the item"), thrown, "the item"))
        .contains("Its class is the JDK's: leave it out, or send what it holds")
        .endsWith(", or create it inside the task.");
  }

  @Test
  void nobodyIsToldToCreateAResultInsideTheTask() {
    assertThat(text(new Own()))
        .endsWith(
            "Own) is not serializable. Make its class implement java.io.Serializable, or mark"
                + " the field transient.");
  }

  private static final class Own {}

  private static final class Closed extends AbstractList<Object> implements Serializable {
    private static final long serialVersionUID = 1L;

    @Override
    public Object get(int index) {
      throw new IllegalStateException("closed");
    }

    @Override
    public int size() {
      return 1;
    }
  }

  @Test
  void aCollectionThatCannotBeSearchedDoesNotHideWhatCouldNotBeSent() {
    var thrown = new NotSerializableException("a.Connection");
    assertThat(Unserializable.explained(new Closed(), Unserializable.RESULT, thrown))
        .hasMessageContaining("the result holds a a.Connection, which is not serializable")
        .hasCause(thrown);
  }
}
