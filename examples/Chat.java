import io.github.fornada.async.Channel;
import io.github.fornada.async.ChannelClosedException;
import io.github.fornada.async.Select;
import io.github.fornada.async.TaskScope;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A chat room without a lock: one task owns the list of members, and all other tasks talk to it
 * through channels.
 */
public class Chat {
  private static final int LINES = 10;

  /** The result, printed as a line of JSON. */
  public record Evening(int members, int said, int heard) {}

  /** Runs an evening with {@code members} members. Each says some lines that all of them hear. */
  public static Evening chat(int members) throws InterruptedException {
    var arrivals = Channel.<Channel<String>>rendezvous();
    var said = Channel.<String>bounded(16);
    var heard = new AtomicInteger();
    try (var evening = TaskScope.open()) {
      evening.fork("room", () -> keepRoom(arrivals, said));
      for (int i = 0; i < members; i++) {
        var inbox = Channel.<String>bounded(16);
        arrivals.send(inbox);
        evening.fork("ears " + i, () -> inbox.forEach(line -> heard.incrementAndGet()));
      }
      arrivals.close();
      try (var talk = TaskScope.open()) {
        for (int i = 0; i < members; i++) {
          String name = "member " + i;
          talk.fork(
              name,
              () -> {
                for (int line = 1; line <= LINES; line++) {
                  said.send(name + ": line " + line);
                }
                return null;
              });
        }
        talk.join();
      }
      said.close(); // everybody has spoken: the room empties, and all inboxes with it
      evening.join();
    }
    return new Evening(members, members * LINES, heard.get());
  }

  private static Void keepRoom(Channel<Channel<String>> arrivals, Channel<String> said)
      throws InterruptedException {
    List<Channel<String>> inboxes = new ArrayList<>();
    var next =
        Select.<String>of()
            .receive(
                arrivals,
                inbox -> {
                  inboxes.add(inbox);
                  return "somebody comes in";
                })
            .receive(said, line -> line);
    try {
      while (true) {
        String line = next.await();
        if (!line.equals("somebody comes in")) {
          for (Channel<String> inbox : inboxes) {
            inbox.send(line);
          }
        }
      }
    } catch (ChannelClosedException theEnd) {
      inboxes.forEach(Channel::close);
      return null;
    } catch (RuntimeException | InterruptedException e) {
      said.closeWithError(e); // or the others would wait for a room that listens no more
      throw e;
    }
  }
}
