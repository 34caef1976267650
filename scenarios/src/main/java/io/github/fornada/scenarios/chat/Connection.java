package io.github.fornada.scenarios.chat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One member's connection to a server that has a thread for each thing that may wait: one reads,
 * one writes. Between the two are the messages that were not written yet; if they are too many, the
 * member reads too slowly and is cut off, and nobody has waited for it.
 */
final class Connection implements Room.Member<byte[]>, FrameReader.Listener {
  /** More than this may not wait to be written to one member, in bytes. */
  static final int MOST_WAITING = 64 << 10;

  /** The longest message, in bytes. */
  static final int LONGEST = 16 << 10;

  private static final byte[] QUIT = Room.QUIT.getBytes(StandardCharsets.UTF_8);
  private static final int READ_BYTES = 512;

  private final Socket socket;
  private final Room<byte[]> room;
  private final Duration grace;
  private final FrameReader frames = new FrameReader(true, LONGEST);

  // Guarded by this: frames to be written, their bytes, the frame after which nothing is written.
  private final Deque<byte[]> waiting = new ArrayDeque<>(0);
  private int waitingBytes;
  private byte @Nullable [] last;
  private boolean broken;

  // Used by the thread that reads.
  private boolean quit;
  private int said;

  /**
   * Creates the connection of a member, which joins.
   *
   * @param grace how long a member that was cut off has to read why
   */
  Connection(Socket socket, Room<byte[]> room, Duration grace) {
    this.socket = socket;
    this.room = room;
    this.grace = grace;
  }

  /** Lets the member into its room. */
  void join() {
    room.join(this);
  }

  /**
   * Reads what the member says, until it quits or the connection ends.
   *
   * @return how many messages it said
   */
  int read() {
    try {
      InputStream in = socket.getInputStream();
      var bytes = new byte[READ_BYTES];
      while (!quit) {
        int n = in.read(bytes);
        if (n < 0) {
          break;
        }
        frames.take(bytes, n, this);
      }
    } catch (ProtocolException e) {
      cut(e.code());
    } catch (IOException e) {
      quit = false; // the connection has ended, and with it the member's place in the room
    }
    if (quit) {
      room.quit(this);
    } else {
      room.leave(this);
      lose();
    }
    return said;
  }

  /**
   * Writes what the member is sent, until the connection ends.
   *
   * @return how many frames the system took
   */
  int write() throws InterruptedException {
    int written = 0;
    try {
      OutputStream out = socket.getOutputStream();
      while (true) {
        byte[] bytes;
        boolean ends;
        int count;
        synchronized (this) {
          while (waiting.isEmpty() && last == null && !broken) {
            wait();
          }
          if (broken) {
            return written;
          }
          count = waiting.size();
          bytes = all();
          ends = last != null;
        }
        out.write(bytes); // as long as the member does not read, this waits, and only this
        written += count;
        if (ends) {
          socket.shutdownOutput();
          return written;
        }
      }
    } catch (IOException e) {
      lose();
      return written;
    }
  }

  /** Takes all that waits, in one piece. The caller holds the lock. */
  private byte[] all() {
    byte[] end = last == null ? new byte[0] : last;
    var bytes = new byte[waitingBytes + end.length];
    int at = 0;
    for (byte[] frame : waiting) {
      System.arraycopy(frame, 0, bytes, at, frame.length);
      at += frame.length;
    }
    System.arraycopy(end, 0, bytes, at, end.length);
    waiting.clear();
    waitingBytes = 0;
    return bytes;
  }

  @Override
  public void send(byte[] frame) {
    synchronized (this) {
      if (last != null || broken) {
        return;
      }
      if (waitingBytes + frame.length <= MOST_WAITING) {
        waiting.add(frame);
        waitingBytes += frame.length;
        notifyAll();
        return;
      }
    }
    cut(Frames.POLICY);
  }

  @Override
  public synchronized void end() {
    if (last == null) {
      last = Frames.closeOfServer(Frames.NORMAL);
      notifyAll();
    }
  }

  /** Cuts the member off: what was not written yet is dropped, and the code is the last it gets. */
  private void cut(int code) {
    synchronized (this) {
      if (last != null || broken) {
        return;
      }
      waiting.clear();
      waitingBytes = 0;
      last = Frames.closeOfServer(code);
      notifyAll();
    }
    room.leave(this);
    // The writer may wait for a member that never reads again.
    Executor later =
        CompletableFuture.delayedExecutor(grace.toNanos(), TimeUnit.NANOSECONDS, Runnable::run);
    later.execute(this::hangUp);
  }

  /** Notes that nothing can be written any more. */
  private synchronized void lose() {
    if (last == null) {
      broken = true;
      notifyAll();
    }
  }

  /** Ends the connection at once. */
  void hangUp() {
    synchronized (this) {
      broken = true;
      notifyAll();
    }
    try {
      socket.close();
    } catch (IOException e) {
      return; // it is closed even so
    }
  }

  @Override
  public void text(byte[] utf8) {
    if (quit) {
      return;
    }
    if (Arrays.equals(utf8, QUIT)) {
      quit = true;
      return;
    }
    said++;
    room.say(Frames.ofServer(Frames.TEXT, utf8));
  }

  @Override
  public void ping(byte[] payload) {
    send(Frames.ofServer(Frames.PONG, payload));
  }

  @Override
  public void pong(byte[] payload) {
    // Nobody was asked.
  }

  @Override
  public void close(int code) throws IOException {
    synchronized (this) {
      if (last == null) {
        last = Frames.closeOfServer(code == Frames.NO_CODE ? Frames.NORMAL : code);
        notifyAll();
      }
    }
    room.leave(this);
    quit = true;
  }
}
