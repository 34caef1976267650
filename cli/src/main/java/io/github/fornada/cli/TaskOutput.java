package io.github.fornada.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.util.function.Consumer;

/**
 * What tasks print to, as {@code System.out} and as {@code System.err}: the command's stderr. A
 * task that closes it closes nothing.
 */
final class TaskOutput {
  private static final Consumer<Runnable> DIRECTLY = Runnable::run;

  private final OutputStream err;
  private final Charset charset = System.err.charset();

  /** Written by the command's thread when progress begins and ends; read by tasks. */
  private volatile Consumer<Runnable> around = DIRECTLY;

  TaskOutput(OutputStream err) {
    this.err = err;
  }

  /** From now on each write is run by this, which may take a progress bar away before. */
  void around(Consumer<Runnable> writing) {
    around = writing;
  }

  /** From now on writes go out as they come. */
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
        err.write(bytes, from, length);
      } catch (IOException e) {
        // Nobody reads stderr any more. A print stream says nothing of that to the task either.
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
