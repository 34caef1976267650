import io.github.fornada.process.ProcessPool;
import io.github.fornada.shared.SharedCounter;
import io.github.fornada.shared.SharedQueue;
import io.github.fornada.shared.SharedSpace;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/**
 * Producers and consumers in one: workers take pages from a queue and put the links that they find
 * back. The site is made up: page n has links to 2n and 2n + 1.
 *
 * <p>Try {@code kill -9} of a worker meanwhile: the others go on, and the program says what was lost.
 */
public class Crawl {
  private static final int PAGES = 3000;

  static void main() throws Exception {
    try (var pool = ProcessPool.open()) {
      SharedSpace shared = SharedSpace.of(pool);
      SharedQueue<Integer> pages = shared.queue(PAGES);
      SharedCounter open = shared.counter(1); // pages that were found and are not done
      pages.send(1);
      List<CompletableFuture<Integer>> crawlers =
          IntStream.range(0, pool.workers())
              .mapToObj(i -> pool.submit(i, n -> crawl(pages, open)))
              .toList();
      pages.closeAfter(crawlers); // if one dies the page in its hands is gone: the count never ends
      for (CompletableFuture<Integer> crawler : crawlers) {
        System.out.println(crawler.handle((done, death) -> death == null ? done + " pages" : death.toString()).join());
      }
    }
  }

  private static int crawl(SharedQueue<Integer> pages, SharedCounter open)
      throws InterruptedException {
    int done = 0;
    for (int page : pages) {
      for (int link : new int[] {2 * page, 2 * page + 1}) {
        if (link <= PAGES) {
          open.increment();
          pages.send(link);
        }
      }
      done++;
      if (open.add(-1) == 0) {
        pages.close(); // for all of them: their loops end
      }
    }
    return done;
  }
}
