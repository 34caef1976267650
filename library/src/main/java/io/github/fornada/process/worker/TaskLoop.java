package io.github.fornada.process.worker;

import io.github.fornada.TaskFunction;
import io.github.fornada.jvm.OpenScopes;
import io.github.fornada.jvm.StackSample;
import io.github.fornada.process.payload.BulkValue;
import io.github.fornada.process.payload.CodecSessions;
import io.github.fornada.process.payload.PayloadFiles;
import io.github.fornada.process.payload.Payloads;
import io.github.fornada.process.payload.Throwables;
import io.github.fornada.process.payload.Unserializable;
import io.github.fornada.process.wire.ClaimWord;
import io.github.fornada.process.wire.CorruptFrameException;
import io.github.fornada.process.wire.Doorbell;
import io.github.fornada.process.wire.MessageInput;
import io.github.fornada.process.wire.MessageOutput;
import io.github.fornada.process.wire.MessageTypes;
import io.github.fornada.process.wire.RingReader;
import io.github.fornada.process.wire.RingWriter;
import io.github.fornada.process.wire.Segment;
import io.github.fornada.process.wire.WorkerConfig;
import java.io.IOException;
import java.io.NotSerializableException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TimeZone;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** The loop of a worker's only task thread: read a task, run it, write its result. */
final class TaskLoop {
  /**
   * Loaded only if the pool has observers: otherwise the JDK's beans would take most of a worker's
   * start.
   */
  private static final class Meter {
    static final com.sun.management.ThreadMXBean BEAN =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** Loads it, which takes tens of milliseconds the first time. */
    static void load() {}
  }

  /**
   * The maximum number of results that are published together: the parent should find several at a
   * time, but not wait for many.
   */
  private static final int MAX_KEPT = 64; // Guess

  /** The size of the header of a result that is not bare: the item's number and its times. */
  private static final int HEADER = 40;

  private static final int RESERVE = 512 * 1024; // Guess

  private static final String ZONE_PROPERTY = "user.timezone";

  private final ByteBuffer header;
  private final ClaimWord claims;
  private final RingReader in;
  private final RingWriter out;
  private final Doorbell doorbell;
  private final ClassLoader loader;
  private final TaskWatchdog watchdog;
  private final WorkerConfig config;
  private final @Nullable CodecSessions codec;

  // The default locales as they were before the first item; the second and third need not be the
  // first.
  private final Locale locale = Locale.getDefault();
  private final Locale displayLocale = Locale.getDefault(Locale.Category.DISPLAY);
  private final Locale formatLocale = Locale.getDefault(Locale.Category.FORMAT);

  private final MessageOutput message = new MessageOutput();

  /** Ensures one writer of the ring at a time: other threads of the task may print. */
  private final OwnerBiasedLock writing = new OwnerBiasedLock();

  private final MessageOutput printed = new MessageOutput(); // guarded by writing

  /**
   * The number of results that are written and not published. Written under the lock, also read
   * without it by the task thread, which is the only thread that increases it.
   */
  private int kept;

  /** Whether the item claimed last is running. Written by the task thread. */
  private volatile boolean busy;

  /**
   * The default time zone to restore before each item; null before the first item if no user code
   * has run, because reading it takes 4 ms, and the first result should not wait for that. Task
   * thread only.
   */
  private @Nullable TimeZone zone;

  /** What the default time zone is made from when it is read for the first time. */
  private final @Nullable String zoneProperty = System.getProperty(ZONE_PROPERTY);

  /**
   * Functions by their numbers. As bytes until first used, so that an item is blamed if decoding
   * crashes.
   */
  private final Map<Integer, Object> functions = new HashMap<>();

  /**
   * Reserved heap for the report that the heap is full. Without it, if a task's memory is kept
   * alive by a static field, each allocation would cost several collections of a full heap, seconds
   * in all. Null once it was released: then this process is about to end. Task thread only.
   */
  @SuppressWarnings("unused") // only kept, and later released
  private byte @Nullable [] reserve =
      new byte[(int) Math.min(RESERVE, Runtime.getRuntime().maxMemory() / 64)];

  /** Whether no item has ended yet. Task thread only. */
  private boolean fresh = true;

  /** The class of the exception that was reported last. Task thread only. */
  private String reported = "";

  /** The room for the large array that was announced; null for none. Task thread only. */
  private @Nullable BulkValue announcedArray;

  // The last function used, as a shortcut.
  private int lastNumber = -1;
  private @Nullable TaskFunction<@Nullable Object, @Nullable Object> lastFunction;

  /** The loader of the function used last: the context class loader of its items. */
  private ClassLoader home;

  TaskLoop(
      Segment segment,
      Doorbell doorbell,
      ClassLoader loader,
      TaskWatchdog watchdog,
      WorkerConfig config,
      @Nullable CodecSessions codec) {
    this.header = segment.header();
    this.claims = new ClaimWord(header);
    this.in = segment.toWorkerReader();
    this.out = segment.toParentWriter();
    this.doorbell = doorbell;
    this.loader = loader;
    this.home = loader;
    this.watchdog = watchdog;
    this.config = config;
    this.codec = codec;
    var _ =
        OpenScopes.mark(); // loads that class: after a task it may be that no file can be opened
    // A time zone that an initializer or a codec has set must be kept.
    this.zone = config.setUp().length + config.codec().length == 0 ? null : TimeZone.getDefault();
  }

  /** Runs tasks; returns when the parent is gone. */
  void run() throws IOException {
    while (true) {
      if (!in.next()) {
        if (!doorbell.await(in)) {
          return;
        }
        continue;
      }
      MessageInput body = in.body();
      switch (in.type()) {
        case MessageTypes.FUNCTION -> learn(body);
        case MessageTypes.FORGET -> {
          functions.remove(body.getInt());
          lastNumber = -1;
          lastFunction = null;
        }
        case MessageTypes.COMING -> makeRoom(body);
        case MessageTypes.TASK -> task(body);
        case MessageTypes.TASKS -> tasks(body);
        default -> throw new CorruptFrameException("ring message of type " + in.type());
      }
    }
  }

  /** Keeps a function. If it is too large for this heap, its items fail, not the worker. */
  private void learn(MessageInput body) throws IOException {
    int number = body.getInt();
    try {
      functions.put(number, where(body).rest());
    } catch (CorruptFrameException e) {
      throw e;
    } catch (IOException | OutOfMemoryError e) {
      functions.put(number, e);
    }
  }

  /**
   * Allocates room for an announced array. No item is running yet: a failure here will occur again
   * with the item, and count as the item's.
   */
  private void makeRoom(MessageInput body) throws CorruptFrameException {
    announcedArray =
        null; // released before the next one is allocated: there may not be memory for both
    try {
      announcedArray = BulkValue.make(body.getByte(), body.getLong());
    } catch (OutOfMemoryError e) {
      // then there is no room
    }
  }

  private MessageInput where(MessageInput body) throws IOException {
    return where(body.getByte(), body);
  }

  private MessageInput where(byte location, MessageInput body) throws IOException {
    if (location == MessageTypes.IN_MESSAGE) {
      return body;
    }
    int length = body.getInt();
    return PayloadFiles.read(PayloadFiles.resolve(config.directory(), body.getString()), length);
  }

  private @Nullable Object argument(MessageInput body) throws IOException, ClassNotFoundException {
    byte location = body.getByte();
    BulkValue made = announcedArray;
    announcedArray = null;
    return location == MessageTypes.ARRAY_IN_FILE
        ? Payloads.getArrayFile(body, config.directory(), made)
        : decode(where(location, body));
  }

  /**
   * Decodes an item. Classes that a codec reads are sent without their loaders: the function's
   * loader is used.
   */
  private @Nullable Object decode(MessageInput in) throws IOException, ClassNotFoundException {
    return Payloads.decode(in, codec == null ? loader : home, codec);
  }

  private void task(MessageInput body) throws IOException {
    long ticket = body.getLong();
    int function = body.getInt();
    boolean observed = body.getByte() != 0;
    if (observed) {
      Meter.load(); // before the item's clock starts: it is none of the item's work
    }
    long now = System.nanoTime();
    if (!begin(ticket, now)) {
      return;
    }
    busy = true;
    Segment.LONG.setOpaque(header, Segment.STARTED_NANOS, now);
    run(ticket, function, body, now, observed, false);
    Segment.LONG.setOpaque(header, Segment.STARTED_NANOS, 0L);
    busy = false;
  }

  /** Runs a row of items. The pool has no observers, so their results need only a short header. */
  private void tasks(MessageInput body) throws IOException {
    long ticket = body.getLong();
    int function = body.getInt();
    int count = body.getInt();
    long began = System.nanoTime();
    long now = began;
    int ran = 0;
    busy = true;
    Segment.LONG.setOpaque(header, Segment.STARTED_NANOS, began);
    for (; ran < count; ran++) {
      MessageInput item = body.slice(body.getInt());
      if (ran > 0 && watchdog.isTimed()) {
        now = System.nanoTime();
        Segment.LONG.setOpaque(header, Segment.STARTED_NANOS, now);
      }
      if (!begin(ticket + ran, now)) {
        break; // taken back, and so are all that follow
      }
      if (kept > 0 && doorbell.isAwaited()) { // read after the claim, which is a full barrier
        show();
      }
      run(ticket + ran, function, item, now, false, true);
    }
    Segment.LONG.setOpaque(header, Segment.STARTED_NANOS, 0L);
    busy = false;
    if (ran > 0) {
      send(MessageTypes.SPENT, message.clear().putInt(ran).putLong(System.nanoTime() - began), 0);
    }
  }

  /** Claims an item. Returns false if the parent has taken it back. */
  private boolean begin(long ticket, long now) {
    watchdog.begin(ticket, now);
    boolean claimed = claims.claim(ticket);
    if (!claimed) {
      watchdog.letGo(ticket);
    }
    return claimed;
  }

  /** Runs a claimed item and sends its result. */
  private void run(
      long ticket, int function, MessageInput body, long began, boolean observed, boolean bare)
      throws IOException {
    runAndSend(ticket, function, body, began, observed, bare);
    var _ = message.clear(); // releases the memory of a large result
    if (fresh) {
      fresh = false;
      if (zone == null) {
        SpareFiles.release();
        zone = zoneAtStart();
      }
      SpareFiles.hold();
    }
  }

  /** Reads the default time zone as when this JVM started, whatever the first item has set. */
  private TimeZone zoneAtStart() {
    String now = System.getProperty(ZONE_PROPERTY);
    boolean isOther = !Objects.equals(now, zoneProperty);
    if (isOther) {
      setZoneProperty(zoneProperty);
    }
    TimeZone.setDefault(null);
    TimeZone read = TimeZone.getDefault(); // by the property, which this may set too
    if (isOther) {
      setZoneProperty(now);
    }
    return read;
  }

  private static void setZoneProperty(@Nullable String value) {
    if (value == null) {
      System.clearProperty(ZONE_PROPERTY);
    } else {
      System.setProperty(ZONE_PROPERTY, value);
    }
  }

  @SuppressWarnings("ReferenceEquality") // loaders are compared by identity
  private void runAndSend(
      long ticket, int function, MessageInput body, long began, boolean observed, boolean bare)
      throws IOException {
    long number = ClaimWord.number(ticket);
    if (observed) {
      send(MessageTypes.STARTED, new MessageOutput().putLong(number).putLong(began), 0);
    }
    boolean wanted = watchdog.isWanted(ticket);
    long cpu = 0;
    long allocated = 0;
    if (observed) {
      cpu = Meter.BEAN.getCurrentThreadCpuTime();
      allocated = Meter.BEAN.getCurrentThreadAllocatedBytes();
    }

    // the header is filled in later, if one is needed
    int result = message.clear().skip(HEADER).size();
    Throwable thrown = null;
    Object array = null;
    MemorySegment large = null;
    if (wanted) {
      try {
        TaskFunction<@Nullable Object, @Nullable Object> chosen = function(function);
        if (home != loader) {
          Thread.currentThread().setContextClassLoader(home);
        }
        Object value = applied(chosen, bare ? decode(body) : argument(body));
        if (fresh) {
          SpareFiles.release(); // to write a first result loads classes
        }
        large = Payloads.largeArray(value);
        if (large != null) {
          array = value;
        } else {
          encode(value);
          if (!Payloads.isPlain(value)) {
            checkThatItCanBeRead(result);
          }
        }
      } catch (Throwable e) {
        thrown = e;
        // Still under the watchdog: this runs the exception's own methods, which may never return.
        message.truncate(result);
        report(e);
      }
    }
    TaskOutput.flushReplaced();
    TaskWatchdog.Stop stop = watchdog.end(ticket);
    long ended = 0;
    if (watchdog.isTimed()) {
      ended = System.nanoTime();
      if (stop == null && wanted && watchdog.isOverdue(ended - began)) {
        stop = new TaskWatchdog.Stop(number, TaskWatchdog.Reason.LIMIT, StackSample.none(), ended);
      }
      // The item's time ends here: sending its result may take as long as the parent does not read.
      Segment.LONG.setOpaque(header, Segment.STARTED_NANOS, 0L);
    }
    if (bare
        && wanted
        && stop == null
        && thrown == null
        && large == null
        && message.size() - result <= RingWriter.LONGEST) {
      tidyUp();
      keep(MessageTypes.value(number), result);
      return;
    }
    ended = System.nanoTime();

    int type = MessageTypes.DONE;
    if (!wanted || (stop != null && stop.reason() == TaskWatchdog.Reason.CANCEL)) {
      message.truncate(result);
      type = MessageTypes.CANCELLED;
    } else if (stop != null) {
      message.truncate(result);
      Throwables.putStack(stop.stack(), message);
      type = MessageTypes.TIMED_OUT;
    } else if (thrown != null) {
      type = MessageTypes.FAILED;
    }
    message.setLong(0, number);
    message.setLong(8, began);
    message.setLong(16, ended);
    message.setLong(24, observed ? Meter.BEAN.getCurrentThreadCpuTime() - cpu : -1);
    message.setLong(32, observed ? Meter.BEAN.getCurrentThreadAllocatedBytes() - allocated : -1);
    tidyUp();
    if (type == MessageTypes.DONE && array != null && large != null) {
      sendArray(array, large, number, result);
    } else {
      sendResult(type, number, result);
    }
    if (thrown instanceof OutOfMemoryError) {
      // The error may have hit other threads and caches of this JVM too: a fresh JVM is safer.
      Runtime.getRuntime().halt(MessageTypes.EXIT_OUT_OF_MEMORY);
    }
    if (thrown instanceof LinkageError && SpareFiles.areUsedUp()) {
      // A class that could not be read never loads again in this JVM.
      Runtime.getRuntime().halt(MessageTypes.EXIT_OUT_OF_FILES);
    }
  }

  /** Applies the function, which must leave nothing open in this thread. */
  private static @Nullable Object applied(
      TaskFunction<@Nullable Object, @Nullable Object> function, @Nullable Object item)
      throws Throwable {
    Object value = null;
    Throwable thrown = null;
    try {
      value = function.apply(item);
    } catch (Throwable e) {
      thrown = e;
    }
    thrown = OpenScopes.close(null, thrown);
    if (thrown != null) {
      throw thrown;
    }
    return value;
  }

  @SuppressWarnings("unchecked")
  private TaskFunction<@Nullable Object, @Nullable Object> function(int number) throws Exception {
    TaskFunction<@Nullable Object, @Nullable Object> last = lastFunction;
    if (last != null && number == lastNumber) {
      return last;
    }
    Object function = functions.get(number);
    if (function instanceof byte[] bytes) {
      function = Payloads.decode(new MessageInput(bytes, 0, bytes.length), loader);
      functions.put(number, function);
    }
    if (function instanceof OutOfMemoryError e) {
      throw e;
    }
    if (function instanceof IOException e) {
      throw e;
    }
    if (function == null) {
      throw new CorruptFrameException("no function number " + number);
    }
    last = (TaskFunction<@Nullable Object, @Nullable Object>) function;
    lastFunction = last;
    lastNumber = number;
    ClassLoader own = last.getClass().getClassLoader();
    home = own instanceof ParentClassLoader ? own : loader;
    return last;
  }

  /**
   * Reads the result back here before the parent does, so that whatever its readObject or its
   * constructor does, such as exit or hang, happens in this worker.
   */
  private void checkThatItCanBeRead(int from) throws IOException, ClassNotFoundException {
    var _ = decode(new MessageInput(message.array(), from, message.size() - from));
  }

  private void encode(@Nullable Object value) throws IOException {
    try {
      Payloads.encode(value, message, codec);
    } catch (NotSerializableException e) {
      throw Unserializable.explained(value, Unserializable.RESULT, e);
    }
  }

  private void report(Throwable thrown) {
    String type = thrown.getClass().getName();
    boolean isFirst = !type.equals(reported); // the next of its class needs no file
    if (isFirst) {
      SpareFiles.release();
    }
    try {
      if (thrown instanceof OutOfMemoryError e) {
        reserve = null;
        Throwables.encode(OutOfMemoryText.explained(e, config.heap()), message, home);
      } else if (watchdog.isTimed()) {
        Throwables.encode(thrown, message, home);
      } else {
        FailureReport.encode(thrown, message, home, loader);
      }
    } catch (OutOfMemoryError e) {
      Runtime.getRuntime()
          .halt(MessageTypes.EXIT_OUT_OF_MEMORY); // the exit code is then the report
    }
    if (isFirst) {
      reported = type;
      SpareFiles.hold();
    }
  }

  /** Restores what a task changed for the whole process before the next task. */
  private void tidyUp() {
    TaskOutput.reinstall();
    Thread self = Thread.currentThread();
    if (!loader.equals(self.getContextClassLoader())) {
      self.setContextClassLoader(loader);
    }
    restoreLocales();
    TimeZone wanted = zone;
    if (wanted != null) {
      // without reading the current one, which may be of a user's class
      TimeZone.setDefault(wanted);
    }
  }

  private void restoreLocales() {
    if (!Locale.getDefault().equals(locale)) {
      Locale.setDefault(locale); // which sets the other two as well
    }
    if (!Locale.getDefault(Locale.Category.DISPLAY).equals(displayLocale)) {
      Locale.setDefault(Locale.Category.DISPLAY, displayLocale);
    }
    if (!Locale.getDefault(Locale.Category.FORMAT).equals(formatLocale)) {
      Locale.setDefault(Locale.Category.FORMAT, formatLocale);
    }
  }

  private void sendArray(Object array, MemorySegment bytes, long number, int result)
      throws IOException {
    String file = PayloadFiles.RESULT + ProcessHandle.current().pid() + "-" + number;
    message.truncate(result);
    try {
      PayloadFiles.writeArray(config.directory().resolve(file), bytes);
    } catch (IOException | RuntimeException e) { // such as a segment whose arena was closed
      message.putByte(MessageTypes.IN_MESSAGE);
      Throwables.encode(e, message, home);
      send(MessageTypes.FAILED, message, 0);
      return;
    }
    Payloads.putArrayFile(array, bytes, file, message);
    send(MessageTypes.DONE, message, 0);
  }

  private void sendResult(int type, long number, int result) throws IOException {
    int length = message.size() - result;
    if (message.size() + 1 <= RingWriter.LONGEST) {
      message.insertByte(result, MessageTypes.IN_MESSAGE);
    } else {
      String file = PayloadFiles.RESULT + ProcessHandle.current().pid() + "-" + number;
      try {
        PayloadFiles.write(config.directory().resolve(file), message.array(), result, length);
        message.truncate(result);
        message.putByte(MessageTypes.IN_FILE).putInt(length).putString(file);
      } catch (IOException e) {
        message.truncate(result);
        message.putByte(MessageTypes.IN_MESSAGE);
        Throwables.encode(e, message, home);
        send(MessageTypes.FAILED, message, 0);
        return;
      }
    }
    send(type, message, 0);
  }

  /** Sends what tasks print. */
  void print(boolean error, byte[] bytes, int from, int length) throws IOException {
    writing.take();
    try {
      long number = busy ? ClaimWord.number(claims.next()) - 1 : -1;
      printed.clear().putByte(error ? 1 : 0).putLong(number);
      printed.write(bytes, from, length);
      write(MessageTypes.OUTPUT, printed, 0);
    } finally {
      writing.give();
    }
  }

  private void send(int type, MessageOutput body, int from) throws IOException {
    writing.take();
    try {
      write(type, body, from);
    } finally {
      writing.give();
    }
  }

  /** Writes a result that may be published together with later ones: see {@link RingWriter}. */
  private void keep(int type, int from) throws IOException {
    writing.take();
    try {
      put(type, message, from);
      out.keep();
      if (++kept == MAX_KEPT) {
        publish();
      }
    } finally {
      writing.give();
    }
  }

  private void show() throws IOException {
    writing.take();
    try {
      publish();
    } finally {
      writing.give();
    }
  }

  /** Writes a message. The caller of this and the next two methods holds the lock. */
  private void write(int type, MessageOutput body, int from) throws IOException {
    put(type, body, from);
    publish();
  }

  private void put(int type, MessageOutput body, int from) throws IOException {
    while (!out.tryWrite(type, body.array(), from, body.size() - from)) {
      // Waits for the parent to read; if the parent is gone, the control thread ends this process.
      publish();
      LockSupport.parkNanos(20_000);
    }
  }

  private void publish() throws IOException {
    kept = 0;
    out.publish();
    doorbell.ring();
  }
}
