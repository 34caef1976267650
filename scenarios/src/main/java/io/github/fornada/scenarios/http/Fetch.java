package io.github.fornada.scenarios.http;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The function: fetches a page and returns the hash of its body. One client for each JVM. */
final class Fetch {
  static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private Fetch() {}

  /** Returns the hash of the page, in hex. */
  static String page(String address) throws IOException, InterruptedException {
    return page(CLIENT, address);
  }

  /**
   * Returns the hash of the page, fetched by this client.
   *
   * @throws IOException if it cannot be had, or the status is not 200
   */
  static String page(HttpClient client, String address) throws IOException, InterruptedException {
    HttpResponse<byte[]> response = client.send(request(address), BodyHandlers.ofByteArray());
    if (response.statusCode() != 200) {
      throw new IOException("status " + response.statusCode() + " for " + address);
    }
    return hash(response.body());
  }

  static HttpRequest request(String address) {
    return HttpRequest.newBuilder(URI.create(address)).build();
  }

  static String hash(byte[] body) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(body));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
