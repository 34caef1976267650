package io.github.fornada.scenarios.scraping;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A shop on two hosts, made from a number: what each page shows, and what a crawler has to find.
 * Its traps: the same page under several spellings, a loop of redirects, pages that robots.txt
 * forbids, pages that are not there, slow pages, other hosts.
 *
 * @param products how many; each has a page, every ten of them a category
 * @param hosts where it is served, such as {@code 127.0.0.1:8080}
 */
record Shop(int products, List<String> hosts) {
  private static final int IN_A_CATEGORY = 10;
  private static final String[] WORDS = {
    "copper", "kettle", "blue", "lamp", "oak", "chair", "linen", "clock", "small", "garden"
  };

  /** What a crawler knows of a page. */
  record Page(String title, List<String> links) {
    Page {
      links = List.copyOf(links);
    }
  }

  /** Copies the list. */
  Shop {
    hosts = List.copyOf(hosts);
  }

  int categories() {
    return (products + IN_A_CATEGORY - 1) / IN_A_CATEGORY;
  }

  /** Returns where the crawl begins. */
  String start() {
    return address("/");
  }

  /** Returns the address of a path; odd products are on the second host. */
  private String address(String path) {
    int host = path.startsWith("/product/") ? number(path) % hosts.size() : 0;
    return "http://" + hosts.get(host) + path;
  }

  private static int number(String path) {
    return Integer.parseInt(path.substring(path.lastIndexOf('/') + 1));
  }

  /** Returns the links of a page as it writes them, traps and all; null if there is no page. */
  @Nullable List<String> hrefs(String path) {
    var links = new ArrayList<String>();
    if (path.equals("/")) {
      for (int c = 0; c < categories(); c++) {
        links.add("/category/" + c);
        links.add("/category/" + c + "#top"); // the same page
      }
      links.add("/private/stock"); // robots.txt forbids it
      links.add("/loop/a"); // redirects to b, and b to a
      links.add("https://elsewhere.invalid/partner");
      links.add("mailto:shop@elsewhere.invalid");
      return links;
    }
    if (path.startsWith("/category/") && number(path) < categories()) {
      int c = number(path);
      for (int p = c * IN_A_CATEGORY; p < Math.min(products, (c + 1) * IN_A_CATEGORY); p++) {
        String address = address("/product/" + p);
        links.add(address);
        links.add(address.replace("http://", "HTTP://")); // the same page
      }
      links.add("../"); // relative: the first page
      links.add("/missing/" + c); // 404
      return links;
    }
    if (path.startsWith("/product/") && number(path) < products) {
      var random = new SplittableRandom(number(path));
      for (int i = 0; i < 3; i++) {
        links.add(address("/product/" + random.nextInt(products)) + "#details");
      }
      links.add(address("/"));
      return links;
    }
    return null;
  }

  /** Returns the title of a page. */
  static String title(String path) {
    var random = new SplittableRandom(path.hashCode());
    return (WORDS[random.nextInt(WORDS.length)] + " " + WORDS[random.nextInt(WORDS.length)])
        + " & more of "
        + path;
  }

  /** Returns the page as HTML, with enough of it that parsing takes time. */
  String html(String path, List<String> hrefs) {
    var page =
        new StringBuilder("<!doctype html><html><head><title>")
            .append(title(path).replace("&", "&amp;"))
            .append("</title></head><body><ul>");
    for (String href : hrefs) {
      page.append("<li><a href=\"").append(href).append("\">see</a>");
    }
    page.append("</ul>");
    var random = new SplittableRandom(path.hashCode());
    for (int i = 0; i < 300; i++) {
      page.append("<div class=review><p>").append(WORDS[random.nextInt(WORDS.length)]);
      page.append(" <b>").append(WORDS[random.nextInt(WORDS.length)]).append("</b><br>");
      page.append("<!-- <a href=\"/trap/").append(i).append("\"> --></div>\n");
    }
    return page.append("</body></html>").toString();
  }

  /**
   * Returns every page that a crawl must find, by its address: from the generator alone, without
   * any HTML.
   */
  NavigableMap<String, Page> truth() {
    var truth = new TreeMap<String, Page>();
    var paths = new ArrayList<>(List.of("/"));
    for (int c = 0; c < categories(); c++) {
      paths.add("/category/" + c);
    }
    for (int p = 0; p < products; p++) {
      paths.add("/product/" + p);
    }
    for (String path : paths) {
      var links = new ArrayList<String>();
      for (String href : Objects.requireNonNull(hrefs(path))) {
        String plain = href.replaceFirst("#.*", "").replaceFirst("^HTTP:", "http:");
        if (plain.startsWith("mailto:")) {
          continue;
        }
        String whole =
            plain.startsWith("http")
                ? plain
                : plain.equals("../") ? start() : "http://" + hosts.getFirst() + plain;
        if (!links.contains(whole)) {
          links.add(whole);
        }
      }
      truth.put(address(path), new Page(title(path), links));
    }
    return truth;
  }

  /** Returns the rules for crawlers. */
  static String robots() {
    return "User-agent: *\nDisallow: /private/\n";
  }

  /** Returns how long the server takes for this page. */
  static int latencyMillis(String path) {
    var random = new SplittableRandom(7L * path.toLowerCase(Locale.ROOT).hashCode());
    return random.nextInt(20) == 0 ? 40 : 4 + random.nextInt(6); // one of twenty is slow
  }
}
