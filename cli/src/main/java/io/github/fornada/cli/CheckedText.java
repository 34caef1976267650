package io.github.fornada.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Text for people on stdout, such as help: remembers that it could not be written, because those
 * that print it swallow that.
 */
final class CheckedText extends FilterOutputStream {
  private @Nullable IOException failure;

  CheckedText(OutputStream out) {
    super(out);
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    try {
      out.write(bytes, from, length); // in one piece
    } catch (IOException e) {
      failure = e;
      throw e;
    }
  }

  /**
   * Returns the exit code of a command that has printed here, and tells why its text is missing.
   *
   * @param code its exit code if everything was written
   */
  int exitCode(int code) {
    IOException e = failure;
    if (e == null) {
      return code;
    }
    if (BrokenPipe.isCauseOf(e)) {
      return ExitCode.PIPE_CLOSED;
    }
    StandardStreams.get().err().println("fornada: cannot write to stdout: " + Inputs.reason(e));
    return code == ExitCode.OK ? ExitCode.FAILED : code;
  }
}
