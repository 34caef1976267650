import static java.util.stream.Collectors.partitioningBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.github.fornada.async.Async;
import io.github.fornada.async.ConcurrencyLimiter;
import io.github.fornada.async.Retry;
import io.github.fornada.async.Timeout;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/**
 * Fetches 500 pages, 20 at a time, with a timeout of 2 seconds and two retries for each, and prints
 * what worked and what did not. The site is a server that this program starts: a few pages are
 * missing, a few hang, and a few fail the first time.
 */
public class FetchAll {
  public static void main(String[] args) throws Exception {
    try (var site = new Site()) {
      List<URI> urls = site.pages(500);

      // The whole client:
      var fetch = ConcurrencyLimiter.atMost(20).wrap(
          Retry.times(2).wrap(Timeout.ofSeconds(2).wrap(FetchAll::get)));
      var pages = Async.completions(urls, fetch).stream()
          .collect(partitioningBy(page -> page.outcome().isDone()));
      System.out.println(pages.get(true).size() + " pages worked. These did not:");
      pages.get(false).forEach(page -> System.out.println(page.item() + " " + page.outcome()));
    }
  }

  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  static String get(URI page) throws IOException, InterruptedException {
    var response = CLIENT.send(HttpRequest.newBuilder(page).build(), BodyHandlers.ofString());
    if (response.statusCode() != 200) {
      throw new IOException("status " + response.statusCode());
    }
    return response.body();
  }

  /** A site with some trouble. */
  private static final class Site implements AutoCloseable {
    private final ExecutorService handlers = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    private final Set<Integer> asked = ConcurrentHashMap.newKeySet();

    Site() throws IOException {
      server.setExecutor(handlers);
      server.createContext("/", this::answer);
      server.start();
    }

    List<URI> pages(int many) {
      String root = "http://127.0.0.1:" + server.getAddress().getPort() + "/";
      return IntStream.range(0, many).mapToObj(i -> URI.create(root + i)).toList();
    }

    private void answer(HttpExchange exchange) throws IOException {
      int page = Integer.parseInt(exchange.getRequestURI().getPath().substring(1));
      int status = 200;
      if (page % 100 == 7) {
        status = 404;
      } else if (page % 20 == 3 && asked.add(page)) {
        status = 503;
      } else if (page % 250 == 10) {
        hang();
      }
      byte[] text = ("This is page " + page).getBytes();
      try (exchange) {
        exchange.sendResponseHeaders(status, text.length);
        exchange.getResponseBody().write(text);
      }
    }

    private static void hang() {
      try {
        Thread.sleep(60_000);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt(); // the site closes
      }
    }

    @Override
    public void close() {
      server.stop(0);
      handlers.shutdownNow();
      handlers.close();
    }
  }
}
