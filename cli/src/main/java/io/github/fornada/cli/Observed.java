package io.github.fornada.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.exc.StreamReadException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.github.fornada.advice.decide.Decider;
import io.github.fornada.advice.decide.Decision;
import io.github.fornada.advice.decide.Finding;
import io.github.fornada.advice.decide.Job;
import io.github.fornada.advice.decide.Journal;
import io.github.fornada.advice.decide.Learned;
import io.github.fornada.advice.decide.Machine;
import io.github.fornada.advice.decide.Observation;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a pool has observed and decided, in order. It can be written to a file, one line of JSON for
 * each entry, and decided on again: the same observations give the same words.
 */
final class Observed implements Journal {
  /**
   * One entry: a new job has a machine, more about a job has only the job, and an observation has
   * what was decided on it.
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Entry(
      @Nullable Machine machine,
      @Nullable Job job,
      @Nullable Learned learned,
      @Nullable Observation observation,
      @Nullable Decision decision) {}

  /** Loaded only if there is JSON to read or write, which most runs do not do. */
  private static final class Json {
    static final ObjectMapper MAPPER = JsonMapper.builder().build();
  }

  /** A longer line is none of a record. */
  private static final int MOST_OF_LINE = 1 << 24;

  /** How long the look at what has ended may take. */
  private static final Duration LAST_LOOK =
      Duration.ofSeconds(10); // Guess: 4 s at most, for classes

  private final List<Entry> entries = new ArrayList<>(); // guarded by itself
  private boolean ended; // guarded by entries

  /** The items that were left at the last observation; negative if unknown. Guarded by entries. */
  private long left = -1;

  private boolean isCutOff; // guarded by entries

  private void add(Entry entry) {
    synchronized (entries) {
      entries.add(entry);
      ended = false;
    }
  }

  @Override
  public void ended() {
    synchronized (entries) {
      ended = true;
      entries.notifyAll();
    }
  }

  /**
   * Waits until the last items are in, too, of a pool that has ended: what it observes comes on a
   * thread of its own. Does not wait for long, whatever that thread does.
   */
  void awaitEnd() {
    long deadline = System.nanoTime() + LAST_LOOK.toNanos();
    synchronized (entries) {
      try {
        for (long left = LAST_LOOK.toMillis();
            !ended && left > 0;
            left = (deadline - System.nanoTime()) / 1_000_000) {
          entries.wait(left);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt(); // the command ends
      }
    }
  }

  /** Returns what was observed by now. */
  Observed snapshot() {
    var copy = new Observed();
    entries().forEach(copy::add);
    return copy;
  }

  private List<Entry> entries() {
    synchronized (entries) {
      return List.copyOf(entries);
    }
  }

  @Override
  public void began(Machine machine, Job job, @Nullable Learned learned) {
    add(new Entry(machine, job, learned, null, null));
  }

  @Override
  public void learned(Job job) {
    add(new Entry(null, job, null, null, null));
  }

  @Override
  public void decided(Observation observation, Decision decision) {
    Observation told = observation;
    synchronized (entries) {
      if (isCutOff && left >= 0) {
        told = told.withItemsLeft(Math.max(0, left - told.done() - told.failed()));
      }
      left = told.itemsLeft();
      add(new Entry(null, null, null, told, decision));
    }
  }

  /**
   * The measuring ends here, though there are more items. None of them will run, and they are the
   * rest that the advice is about.
   */
  void cutOff() {
    synchronized (entries) {
      isCutOff = true;
    }
  }

  /**
   * Returns what was found out of the last job; null if none was observed.
   *
   * @throws IllegalArgumentException if an observation comes before its job
   */
  @Nullable Finding finding() {
    Decider decider = null;
    boolean observed = false;
    for (Entry entry : entries()) {
      if (entry.machine() != null && entry.job() != null) {
        decider = new Decider(entry.machine(), entry.job());
        observed = false;
        if (entry.learned() != null) {
          var _ = decider.beginWith(entry.learned());
        }
      } else if (decider == null) {
        throw new IllegalArgumentException("an observation comes before its job");
      } else if (entry.job() != null) {
        decider.update(entry.job());
      } else if (entry.observation() != null) {
        var _ = decider.next(entry.observation());
        observed = true;
      }
    }
    return decider == null || !observed ? null : decider.result();
  }

  /**
   * Writes all entries.
   *
   * @throws Fault if the file cannot be written
   */
  void write(OutputFile file) {
    var lines = new ArrayList<String>();
    try {
      for (Entry entry : entries()) {
        lines.add(Json.MAPPER.writeValueAsString(entry));
      }
      try (OutputStream out = file.open()) {
        out.write(String.join("\n", lines).concat("\n").getBytes(StandardCharsets.UTF_8));
      }
      file.commit();
    } catch (IOException e) {
      throw Fault.failed("cannot write " + file.given() + ": " + Inputs.reason(e));
    }
  }

  /** Says what a line is, in words of the file, not of the reader's. */
  private static String reason(JsonProcessingException e) {
    Throwable own = e; // the binding of an entry wraps what the reader of its text has found
    while (own.getCause() instanceof JsonProcessingException cause) {
      own = cause;
    }
    return switch (own) {
      case JsonEOFException _ -> "it ends too early, as if the file had been cut";
      case UnrecognizedPropertyException unknown ->
          "it has \"" + unknown.getPropertyName() + "\", which no entry has";
      case StreamReadException no ->
          "it is no JSON from its character " + no.getLocation().getColumnNr() + " on";
      default -> "it is JSON, but no entry";
    };
  }

  private static InputStream open(Path file) throws IOException {
    Descriptor descriptor = Descriptor.of(file);
    return descriptor == null ? Files.newInputStream(file) : descriptor.input();
  }

  /**
   * Returns the next line without its end; null if there is none. Of a line that is too long it
   * returns one character more than such a line may have.
   */
  private static @Nullable String nextLine(BufferedReader lines) throws IOException {
    int c = lines.read();
    if (c < 0) {
      return null;
    }
    var text = new StringBuilder();
    while (c >= 0 && c != '\n' && text.length() <= MOST_OF_LINE) {
      text.append((char) c);
      c = lines.read();
    }
    return text.toString();
  }

  /**
   * Reads what {@link #write} has written.
   *
   * @throws Fault if the file cannot be read, or has something else
   */
  static Observed read(Path file) {
    var read = new Observed();
    int line = 0;
    try (var lines =
        new BufferedReader(
            new InputStreamReader(open(file), StandardCharsets.UTF_8.newDecoder()))) {
      String text;
      while ((text = nextLine(lines)) != null) {
        line++;
        if (text.length() > MOST_OF_LINE) {
          throw Fault.usage(
              file
                  + ", line "
                  + line
                  + ", is not what advise --record has written: it has no end for "
                  + MOST_OF_LINE
                  + " characters");
        }
        if (!text.isBlank()) {
          @Nullable Entry entry = Json.MAPPER.readValue(text, Entry.class);
          if (entry == null) { // null is JSON too
            throw Fault.usage(
                file + ", line " + line + ", is not what advise --record has written: " + text);
          }
          read.add(entry);
        }
      }
    } catch (NoSuchFileException e) {
      throw Fault.usage("there is no file " + file);
    } catch (CharacterCodingException e) {
      throw Fault.usage(file + " is not what advise --record has written: it is not text");
    } catch (JsonProcessingException e) {
      throw Fault.usage(
          file + ", line " + line + ", is not what advise --record has written: " + reason(e));
    } catch (IOException e) {
      throw Fault.failed("cannot read " + file + ": " + Inputs.reason(e));
    }
    if (line == 0) { // of a run that was over at once there is an empty line
      throw Fault.usage(file + " is empty: advise --record writes what can be replayed");
    }
    return read;
  }
}
