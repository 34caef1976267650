package io.github.fornada.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;

/**
 * The stream that tasks print to, as {@code System.out} and as {@code System.err}: the command's
 * stderr. A close by a task has no effect.
 */
final class TaskOutput {
  /** Runs each write of a task. */
  interface Around {
    /**
     * Runs a write.
     *
     * @param endsLine whether what is written ends with the end of a line
     */
    void run(boolean endsLine, Runnable write);
  }

  private static final Around DIRECTLY = (_, write) -> write.run();

  /** Written by the command's thread before tasks run; read by tasks. */
  private volatile OutputStream to;

  private final Charset charset = System.err.charset();

  /** Written by the command's thread when progress begins and ends; read by tasks. */
  private volatile Around around = DIRECTLY;

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
  void around(Around writing) {
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
    if (length == 0) {
      return;
    }
    around.run(
        bytes[from + length - 1] == '\n',
        () -> {
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
