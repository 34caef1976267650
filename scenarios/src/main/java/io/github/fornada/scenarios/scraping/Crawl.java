package io.github.fornada.scenarios.scraping;

import io.github.fornada.async.ConcurrencyLimiter;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;

/**
 * A polite crawl, level by level: what is found on one level and was not seen before is the next.
 * Each JVM has one client, and a limit for each host.
 */
final class Crawl {
  /** Requests to one host at once, in one JVM. */
  static final int PER_HOST = 8;

  private static final int REDIRECTS = 5;
  private static final HttpClient CLIENT =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();
  private static final ConcurrencyLimiter.ByKey<String> LIMIT = ConcurrencyLimiter.byKey(PER_HOST);

  private Crawl() {}

  /**
   * A page that was fetched.
   *
   * @param address where it is
   * @param html its text; empty if there is no page
   */
  record Fetched(String address, String html) {}

  /**
   * A page that was parsed.
   *
   * @param address where it is
   * @param title its title; empty if there is no page
   * @param links whole addresses, each once, without fragments
   */
  record Parsed(String address, String title, List<String> links) {}

  /** Fetches and parses one page. */
  static Parsed page(String address) throws Exception {
    return parse(fetch(address));
  }

  /** Fetches one page, and follows redirects until they repeat. */
  static Fetched fetch(String address) throws Exception {
    URI at = URI.create(address);
    var seen = new HashSet<URI>();
    for (int i = 0; i < REDIRECTS && seen.add(at); i++) {
      URI target = at;
      HttpResponse<String> response =
          LIMIT.call(
              target.getAuthority(),
              () -> CLIENT.send(HttpRequest.newBuilder(target).build(), BodyHandlers.ofString()));
      Optional<String> location = response.headers().firstValue("Location");
      if (response.statusCode() == 200) {
        return new Fetched(address, response.body());
      }
      if (response.statusCode() / 100 != 3 || location.isEmpty()) {
        break;
      }
      at = target.resolve(location.get());
    }
    return new Fetched(address, ""); // not there, or a loop
  }

  /** Parses a page. */
  static Parsed parse(Fetched page) {
    if (page.html().isEmpty()) {
      return new Parsed(page.address(), "", List.of());
    }
    Document document = Jsoup.parse(page.html(), page.address());
    var links = new LinkedHashSet<String>();
    for (Element link : document.select("a[href]")) {
      normalized(link.absUrl("href")).ifPresent(links::add);
    }
    return new Parsed(page.address(), document.title(), new ArrayList<>(links));
  }

  /** Returns the address as it is remembered: one spelling for each page; empty if not of HTTP. */
  static Optional<String> normalized(String address) {
    URI uri;
    try {
      uri = URI.create(address).normalize();
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // no address
    }
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    if (uri.getAuthority() == null || !(scheme.equals("http") || scheme.equals("https"))) {
      return Optional.empty();
    }
    String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
    return Optional.of(scheme + "://" + uri.getAuthority().toLowerCase(Locale.ROOT) + path + query);
  }

  /** Works on all pages of a level. */
  @FunctionalInterface
  interface Level {
    /**
     * Returns the pages, parsed, in the order of the addresses.
     *
     * @throws Exception if a page fails
     */
    List<Parsed> all(List<String> addresses) throws Exception;
  }

  /** Crawls from {@code start}, but only on these hosts and where robots.txt allows. */
  static NavigableMap<String, Shop.Page> from(String start, List<String> hosts, Level level)
      throws Exception {
    List<String> forbidden = robots(start);
    var found = new TreeMap<String, Shop.Page>();
    Set<String> known = new HashSet<>(Set.of(start));
    var next = new ArrayList<>(List.of(start));
    while (!next.isEmpty()) {
      List<Parsed> pages = level.all(next);
      next = new ArrayList<>();
      for (Parsed page : pages) {
        if (!page.title().isEmpty()) {
          found.put(page.address(), new Shop.Page(page.title(), page.links()));
        }
        for (String link : page.links()) {
          if (isWanted(URI.create(link), hosts, forbidden) && known.add(link)) {
            next.add(link);
          }
        }
      }
    }
    return found;
  }

  private static boolean isWanted(URI link, List<String> hosts, List<String> forbidden) {
    return hosts.contains(link.getAuthority())
        && forbidden.stream().noneMatch(link.getPath()::startsWith);
  }

  private static List<String> robots(String start) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(URI.create(start).resolve("/robots.txt")).build();
    return CLIENT
        .send(request, BodyHandlers.ofString())
        .body()
        .lines()
        .filter(line -> line.startsWith("Disallow: "))
        .map(line -> line.substring("Disallow: ".length()).strip())
        .filter(prefix -> !prefix.isEmpty())
        .toList();
  }
}
