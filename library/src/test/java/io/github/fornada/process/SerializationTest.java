package io.github.fornada.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fornada.Outcome;
import io.github.fornada.Pool;
import io.github.fornada.SideBySide;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.util.AbstractList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** User code that runs while things are written and read, in either process, may do anything. */
@Timeout(value = 240, threadMode = ThreadMode.SEPARATE_THREAD)
@SideBySide
class SerializationTest {
  private Pool pool;

  @BeforeEach
  void open() {
    pool = Pools.open(1);
  }

  @AfterEach
  void close() throws InterruptedException {
    Pools.end(pool);
  }

  private void failsAlone(Object item) throws Exception {
    assertThatThrownBy(() -> Pools.soon(pool.submit(item, x -> 1)))
        .isInstanceOf(ExecutionException.class);
    // An object goes the same way as that item did.
    assertThat(Pools.soon(pool.submit(List.of(1, 2), x -> x.size()))).isEqualTo(2);
  }

  static final class WriteThrowsError implements Serializable {
    private void writeObject(ObjectOutputStream out) {
      throw new AssertionError("planted: " + out.hashCode());
    }
  }

  @Test
  void anErrorWhileAnArgumentIsWrittenFailsThatItem() throws Exception {
    failsAlone(new WriteThrowsError());
  }

  static final class WriteThrowsLinkageError implements Serializable {
    private void writeObject(ObjectOutputStream out) {
      throw new NoClassDefFoundError("planted: " + out.hashCode());
    }
  }

  @Test
  void aLinkageErrorWhileAnArgumentIsWrittenFailsThatItem() throws Exception {
    failsAlone(new WriteThrowsLinkageError());
  }

  @Test
  void aLambdaThatIsNoSerializableTypeIsToldHowToBeOne() {
    Callable<Integer> task = () -> 1;
    assertThatThrownBy(() -> pool.submit(task))
        .isInstanceOf(RejectedExecutionException.class)
        .hasMessageContaining("is not serializable")
        .hasMessageContaining("use submit(item, function)");
  }

  static final class NothingWorks implements Serializable {
    final Object field = new Object();

    @Override
    public String toString() {
      throw new AssertionError("planted toString");
    }

    @Override
    public int hashCode() {
      throw new AssertionError("planted hashCode");
    }

    @Override
    public boolean equals(Object other) {
      throw new AssertionError("planted equals");
    }
  }

  @Test
  void anItemThatCannotBeSentAndWhoseToStringThrowsAnErrorFailsAlone() throws Exception {
    failsAlone(new NothingWorks());
  }

  static final class BadList extends AbstractList<Object> implements Serializable {
    final Object field = new Object();

    @Override
    public Object get(int index) {
      return index;
    }

    @Override
    public int size() {
      return 3;
    }

    @Override
    public Iterator<Object> iterator() {
      throw new IllegalStateException("planted iterator");
    }

    @Override
    public String toString() {
      return "bad list";
    }
  }

  @Test
  void aCollectionThatCannotBeSentAndWhoseIteratorThrowsFailsAlone() throws Exception {
    failsAlone(new BadList());
  }

  @Test
  void aMapThatCannotBeSentAndWhoseKeysThrowInToStringFailsAlone() throws Exception {
    failsAlone(new java.util.HashMap<>(java.util.Map.of(new BadKey(), new Object())));
  }

  static final class BadKey implements Serializable {
    @Override
    public String toString() {
      throw new IllegalStateException("planted toString");
    }
  }

  /** Reads well in the worker, which tries it first, and throws in the parent. */
  static final class ThrowsInParent implements Serializable {
    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
      in.defaultReadObject();
      if (!Pools.isWorker()) {
        throw new AssertionError("planted, in the parent only");
      }
    }
  }

  @Test
  void anErrorWhileAResultIsReadInTheParentFailsThatItem() throws Exception {
    assertThatThrownBy(() -> Pools.soon(pool.submit(1, x -> new ThrowsInParent())))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("planted");
    assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
  }

  static final class ExceptionThatThrowsInParent extends RuntimeException {
    ExceptionThatThrowsInParent() {
      super("planted exception");
    }

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
      in.defaultReadObject();
      if (!Pools.isWorker()) {
        throw new AssertionError("planted, in the parent only");
      }
    }
  }

  @Test
  void anErrorWhileAnExceptionIsReadInTheParentFailsThatItem() throws Exception {
    assertThatThrownBy(() ->
            Pools.soon(
                pool.submit(
                    1,
                    x -> {
                      throw new ExceptionThatThrowsInParent();
                    })))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("planted exception");
    assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
  }

  private Throwable thrownBy(Make make) {
    Outcome<Object> outcome =
        pool.outcomes(
                List.of(1),
                (Integer x) -> {
                  throw make.exception();
                })
            .toList()
            .getFirst();
    return outcome instanceof Outcome.Failed<Object>(var cause)
        ? cause
        : new AssertionError(outcome);
  }

  enum Make {
    GET_CAUSE_THROWS {
      @Override
      RuntimeException exception() {
        return new RuntimeException("planted") {
          @Override
          public synchronized Throwable getCause() {
            throw new IllegalStateException("getCause");
          }
        };
      }
    },
    GET_CAUSE_IS_ITSELF {
      @Override
      RuntimeException exception() {
        return new RuntimeException("planted") {
          @Override
          public synchronized Throwable getCause() {
            return this;
          }
        };
      }
    },
    CYCLIC_CAUSES {
      @Override
      RuntimeException exception() {
        var a = new RuntimeException("planted");
        var b = new RuntimeException("b", a);
        a.initCause(b);
        return a;
      }
    },
    SUPPRESSED_CYCLE {
      @Override
      RuntimeException exception() {
        var a = new RuntimeException("planted");
        var b = new RuntimeException("b", a);
        a.addSuppressed(b);
        return a;
      }
    },
    CAUSES_1000_DEEP {
      @Override
      RuntimeException exception() {
        RuntimeException e = new RuntimeException("innermost");
        for (int i = 0; i < 1000; i++) {
          e = new RuntimeException("planted", e);
        }
        return e;
      }
    },
    CAUSES_20000_DEEP {
      @Override
      RuntimeException exception() {
        RuntimeException e = new RuntimeException("innermost");
        for (int i = 0; i < 20000; i++) {
          e = new RuntimeException("planted", e);
        }
        return e;
      }
    },
    STACK_IS_NULL {
      @Override
      RuntimeException exception() {
        return new RuntimeException("planted") {
          @Override
          public StackTraceElement[] getStackTrace() {
            return null;
          }
        };
      }
    },
    STACK_HAS_NULLS {
      @Override
      RuntimeException exception() {
        return new RuntimeException("planted") {
          @Override
          public StackTraceElement[] getStackTrace() {
            return new StackTraceElement[2];
          }
        };
      }
    },
    GET_MESSAGE_THROWS_ERROR {
      @Override
      RuntimeException exception() {
        return new RuntimeException("planted") {
          @Override
          public String getMessage() {
            throw new AssertionError("getMessage");
          }
        };
      }
    },
    GET_MESSAGE_OVERFLOWS {
      @Override
      RuntimeException exception() {
        return new RuntimeException("planted") {
          @Override
          public String getMessage() {
            return more().getMessage();
          }

          private RuntimeException more() {
            return this;
          }
        };
      }
    },
    WRITE_THROWS_ERROR {
      @Override
      RuntimeException exception() {
        return new WriteError();
      }
    },
    READ_THROWS_ERROR {
      @Override
      RuntimeException exception() {
        return new ReadError();
      }
    },
    REPLACED_BY_A_STRING {
      @Override
      RuntimeException exception() {
        return new ReplacedByString();
      }
    },
    MESSAGE_OF_4_MB {
      @Override
      RuntimeException exception() {
        return new RuntimeException("planted " + "x".repeat(4 << 20));
      }
    },
    NO_MESSAGE_HALF_A_SURROGATE {
      @Override
      RuntimeException exception() {
        return new RuntimeException("planted \ud800");
      }
    };

    abstract RuntimeException exception();
  }

  static final class WriteError extends RuntimeException {
    WriteError() {
      super("planted");
    }

    private void writeObject(ObjectOutputStream out) {
      throw new AssertionError("write " + out.hashCode());
    }
  }

  static final class ReadError extends RuntimeException {
    ReadError() {
      super("planted");
    }

    private void readObject(ObjectInputStream in) {
      throw new AssertionError("read " + in.hashCode());
    }
  }

  static final class ReplacedByString extends RuntimeException {
    ReplacedByString() {
      super("planted");
    }

    private Object writeReplace() {
      return "a string";
    }
  }

  @org.junit.jupiter.params.ParameterizedTest
  @org.junit.jupiter.params.provider.EnumSource(Make.class)
  void aStrangeExceptionIsReportedAsTheFailureOfItsItem(Make make) throws Exception {
    Throwable thrown = thrownBy(make);
    assertThat(thrown).isNotInstanceOf(AssertionError.class);
    if (!make.name().startsWith("GET_MESSAGE")) {
      assertThat(thrown.getMessage()).contains("planted");
    }
    assertThat(Pools.soon(pool.submit(1, x -> x + 1))).isEqualTo(2);
  }

  // ---- records whose last component has three dots

  @SuppressWarnings("ArrayRecordComponent") // on purpose
  record Objects(Object... parts) {}

  @SuppressWarnings("ArrayRecordComponent") // on purpose
  record Numbers(int... parts) {}

  @SuppressWarnings("ArrayRecordComponent") // on purpose
  record Named(String name, String... parts) {}

  @Test
  void aRecordMayEndInAVariableNumberOfParts() throws Exception {
    assertThat(Pools.soon(pool.submit(new Objects(1, "b"), x -> x.parts().length))).isEqualTo(2);
    assertThat(Pools.soon(pool.submit(new Objects(), x -> x.parts().length))).isEqualTo(0);
    assertThat(Pools.soon(pool.submit(new Numbers(1, 2, 3), x -> x.parts()[2]))).isEqualTo(3);
    assertThat(Pools.soon(pool.submit(new Named("n", "a", "b"), x -> x.name() + x.parts()[1])))
        .isEqualTo("nb");
    var back = (Objects) Pools.soon(pool.submit(1, _ -> new Objects(1, "b")));
    assertThat(back.parts()).containsExactly(1, "b");
  }

  @Test
  void aNullPointerExceptionSaysWhatWasNull() {
    CompletableFuture<Integer> fails =
        pool.submit(
            new String[1],
            texts -> {
              try {
                return texts[0].length();
              } catch (NullPointerException e) {
                var outer = new IllegalStateException("outer", e);
                outer.addSuppressed(e);
                throw outer;
              }
            });
    assertThatThrownBy(() -> Pools.soon(fails))
        .rootCause()
        .isExactlyInstanceOf(NullPointerException.class)
        .message()
        .startsWith("Cannot invoke \"String.length()\" because ");
    assertThatThrownBy(() -> Pools.soon(fails.thenApply(x -> x)))
        .cause()
        .satisfies(outer -> assertThat(outer.getSuppressed()).containsExactly(outer.getCause()));
  }
}
