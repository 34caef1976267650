package io.github.fornada.scenarios.gui;

import java.awt.Color;
import java.awt.Dimension;
import java.awt.EventQueue;
import java.awt.Graphics;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.swing.JComponent;
import javax.swing.JFrame;
import javax.swing.WindowConstants;

/**
 * A window with a bar that moves. While work goes on, an event is due every few milliseconds, as
 * from a mouse; each is noted when it is handled, and paints the bar anew.
 */
final class Window implements AutoCloseable {
  /** The time between two events. */
  private static final long EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private final JFrame frame;
  private final Bar bar = new Bar();

  /**
   * What the garbage collector did.
   *
   * @param collections how many there were while the work went on
   * @param millis how long they took together
   */
  record Collections(long collections, long millis) {}

  /**
   * What work gave, and how the window fared meanwhile.
   *
   * @param value what it returned
   * @param delays how late the event thread was
   * @param millis how long the work took
   * @param collections what the collector did
   */
  record Observed<R>(R value, Delays delays, double millis, Collections collections) {}

  private static final class Bar extends JComponent {
    private static final long serialVersionUID = 1;
    private int at;

    @Override
    protected void paintComponent(Graphics graphics) {
      graphics.setColor(Color.WHITE);
      graphics.fillRect(0, 0, getWidth(), getHeight());
      graphics.setColor(Color.BLUE);
      graphics.fillRect(0, 0, at % Math.max(1, getWidth()), getHeight());
    }

    void move() {
      at += 2;
      repaint();
    }
  }

  private Window(JFrame frame) {
    this.frame = frame;
    bar.setPreferredSize(new Dimension(400, 60));
    frame.add(bar);
    frame.setDefaultCloseOperation(WindowConstants.DO_NOTHING_ON_CLOSE);
    frame.pack();
    frame.setVisible(true);
  }

  /** Opens the window. */
  static Window open() throws InterruptedException, InvocationTargetException {
    var made = new FutureTask<>(() -> new Window(new JFrame("Fornada")));
    EventQueue.invokeAndWait(made);
    try {
      return made.get();
    } catch (ExecutionException e) {
      throw new InvocationTargetException(e.getCause());
    }
  }

  /**
   * Does work in the calling thread, and observes the event thread meanwhile.
   *
   * @throws Exception what the work throws
   */
  <R> Observed<R> observe(Callable<R> work) throws Exception {
    var due = new ArrayList<Double>();
    var late = new ArrayList<Double>(); // used by the event thread alone
    Collections before = collections();
    long began = System.nanoTime();
    Thread mouse =
        Thread.ofPlatform()
            .name("mouse")
            .daemon()
            .start(() -> {
              for (long next = began; !Thread.currentThread().isInterrupted(); ) {
                long at = next;
                EventQueue.invokeLater(() -> {
                  due.add((at - began) / 1e6);
                  late.add((System.nanoTime() - at) / 1e6);
                  bar.move();
                });
                next += EVERY_NANOS;
                long wait = next - System.nanoTime();
                if (wait > 0) {
                  LockSupport.parkNanos(wait);
                }
              }
            });
    R value;
    double millis;
    try {
      value = work.call();
      millis = (System.nanoTime() - began) / 1e6;
    } finally {
      mouse.interrupt();
      mouse.join();
    }
    EventQueue.invokeAndWait(() -> {}); // after it, all events have been handled
    Collections after = collections();
    return new Observed<>(
        value,
        new Delays(array(due), array(late)),
        millis,
        new Collections(after.collections - before.collections, after.millis - before.millis));
  }

  /** Does work on the event thread, as many a first version does. */
  static <R> R onEventThread(Callable<R> work) throws Exception {
    var task = new FutureTask<>(work);
    EventQueue.invokeAndWait(task);
    return task.get();
  }

  private static Collections collections() {
    long count = 0;
    long millis = 0;
    for (GarbageCollectorMXBean each : ManagementFactory.getGarbageCollectorMXBeans()) {
      count += Math.max(0, each.getCollectionCount());
      millis += Math.max(0, each.getCollectionTime());
    }
    return new Collections(count, millis);
  }

  private static double[] array(List<Double> values) {
    return values.stream().mapToDouble(v -> v).toArray();
  }

  /** Takes the window away, soon. */
  @Override
  public void close() {
    EventQueue.invokeLater(frame::dispose);
  }
}
