import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Fetches a page. The task waits for the server nearly all the time, so many can be in flight. */
public class Fetch {
  private static final HttpClient CLIENT =
      HttpClient.newBuilder()
          .followRedirects(HttpClient.Redirect.NORMAL)
          .connectTimeout(Duration.ofSeconds(10))
          .build();

  /** The result, printed as a line of JSON. */
  public record Page(URI uri, int status, int bytes, long millis) {}

  public static Page fetch(URI uri) throws IOException, InterruptedException {
    long start = System.nanoTime();
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(30)).build();
    HttpResponse<byte[]> response = CLIENT.send(request, HttpResponse.BodyHandlers.ofByteArray());
    long millis = (System.nanoTime() - start) / 1_000_000;
    return new Page(uri, response.statusCode(), response.body().length, millis);
  }
}
