package io.github.fornada.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.util.function.Consumer;

/**
 * The stream that tasks print to, as {@code System.out} and as {@code System.err}: the command's
 * stderr. A close by a task has no effect.
 */
final class TaskOutput {
  private static final Consumer<Runnable> DIRECTLY = Runnable::run;

  /** Written by the command's thread before tasks run; read by tasks. */
  private volatile OutputStream to;

  private final Charset charset = System.err.charset();

  /** Written by the command's thread when progress begins and ends; read by tasks. */
  private volatile Consumer<Runnable> around = DIRECTLY;

  TaskOutput(OutputStream err) {
    this.to = err;
  }

  /** Sends what tasks print to {@code stream} from now on, instead of stderr. */
  void divert(OutputStream stream) {
    to = stream;
  }

  Charset charset() {
    return charset;
  }

  /** Makes {@code writing} run each write from now on; it may remove a progress bar first. */
  void around(Consumer<Runnable> writing) {
    around = writing;
  }

  /** Makes writes direct from now on. */
  void direct() {
    around = DIRECTLY;
  }

  PrintStream printStream() {
    return new PrintStream(new Unclosable(), true, charset) {
      @Override
      public void close() {
        flush();
      }
    };
  }

  private void write(byte[] bytes, int from, int length) {
    around.accept(() -> {
      try {
        to.write(bytes, from, length);
      } catch (IOException e) {
        // Stderr is closed. A print stream does not report that to the task either.
      }
    });
  }

  private final class Unclosable extends OutputStream {
    @Override
    public void write(int b) {
      TaskOutput.this.write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int length) {
      TaskOutput.this.write(bytes, from, length);
    }
  }
}
