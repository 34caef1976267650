package io.github.fornada.scenarios.downloads;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The function: downloads a file, and goes on where an earlier try ended, this one or one of a
 * process that was killed. The bytes so far are in {@code name.part}, the entity tag that they
 * belong to in {@code name.tag}; the whole file takes its name at once.
 */
final class Download {
  /** No more than this is received twice after a cut: what was received and not yet written. */
  static final int CHUNK = 64 << 10;

  private static final int TRIES = 10;
  private static final Pattern RANGE = Pattern.compile("bytes (\\d+)-\\d+/(\\d+)");
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private Download() {}

  /**
   * A file to have.
   *
   * @param address where it comes from
   * @param target where it goes
   */
  record Job(String address, String target) {}

  /** Downloads in a JVM of its own, to be killed. Arguments: the address and the target. */
  public static void main(String[] args) throws Exception {
    var _ = file(new Job(args[0], args[1]));
  }

  /** Downloads the file. Returns the hash of what is on the disk then. */
  static String file(Job job) throws IOException, InterruptedException {
    Path target = Path.of(job.target());
    IOException last = null;
    for (int tried = 0; tried < TRIES; tried++) {
      try {
        if (tryOnce(URI.create(job.address()), part(target), tag(target))) {
          String hash = hash(Files.readAllBytes(part(target)));
          Files.move(part(target), target, StandardCopyOption.ATOMIC_MOVE);
          Files.deleteIfExists(tag(target));
          return hash;
        }
      } catch (IOException e) {
        last = e; // cut off: go on from there
      }
    }
    throw new IOException(job.address() + " is not complete after " + TRIES + " tries", last);
  }

  static Path part(Path target) {
    return target.resolveSibling(target.getFileName() + ".part");
  }

  private static Path tag(Path target) {
    return target.resolveSibling(target.getFileName() + ".tag");
  }

  /** Returns whether the file is complete. */
  private static boolean tryOnce(URI address, Path part, Path tagFile)
      throws IOException, InterruptedException {
    String tag = known(tagFile);
    long have = tag.isEmpty() || !Files.exists(part) ? 0 : Files.size(part);
    HttpRequest.Builder request = HttpRequest.newBuilder(address);
    if (have > 0) {
      request.header("Range", "bytes=" + have + "-").header("If-Range", tag);
    }
    HttpResponse<InputStream> response = CLIENT.send(request.build(), BodyHandlers.ofInputStream());
    try (InputStream body = response.body()) {
      switch (response.statusCode()) {
        case 200 -> have = 0; // the whole: there was nothing yet, or the file is another now
        case 206 -> {
          String header = response.headers().firstValue("Content-Range").orElse("");
          Matcher range = RANGE.matcher(header);
          if (!range.matches() || Long.parseLong(range.group(1)) != have) {
            startAnew(part, tagFile);
            throw new IOException("asked for bytes from " + have + ", got: " + header);
          }
        }
        case 416 -> {
          String header = response.headers().firstValue("Content-Range").orElse("");
          if (header.equals("bytes */" + have)) {
            return true; // everything was there
          }
          startAnew(part, tagFile);
          throw new IOException("have " + have + " bytes, and the server has: " + header);
        }
        default -> throw new IOException("status " + response.statusCode());
      }
      if (have == 0) {
        // The tag first: bytes without their tag are never trusted.
        Files.deleteIfExists(part);
        Files.writeString(tagFile, response.headers().firstValue("ETag").orElse(""));
      }
      append(body, part);
      return true;
    }
  }

  private static String known(Path tagFile) throws IOException {
    try {
      String tag = Files.readString(tagFile);
      return tag.startsWith("W/") ? "" : tag; // a weak tag does not vouch for every byte
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  private static void startAnew(Path part, Path tagFile) throws IOException {
    Files.deleteIfExists(part);
    Files.deleteIfExists(tagFile);
  }

  private static void append(InputStream body, Path part) throws IOException {
    var buffer = new byte[CHUNK];
    try (FileChannel file =
        FileChannel.open(
            part, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
      int n;
      while ((n = body.read(buffer)) >= 0) {
        ByteBuffer received = ByteBuffer.wrap(buffer, 0, n);
        while (received.hasRemaining()) {
          file.write(received);
        }
      }
    }
  }

  static String hash(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
