package io.github.fornada.scenarios.chat;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** How a connection that begins as HTTP becomes one of WebSocket. */
final class Handshake {
  /** Ends the head of a request and of an answer. */
  static final String END = "\r\n\r\n";

  private static final String SALT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  private static final int LONGEST = 8 << 10;

  private Handshake() {}

  /**
   * Reads the request and answers it.
   *
   * @return the path that was asked for
   * @throws IOException if it is not a request for WebSocket; it was answered with 400
   */
  static String accept(Socket socket) throws IOException {
    String head = head(socket.getInputStream());
    String[] lines = head.split("\r\n");
    String[] request = lines[0].split(" ");
    Map<String, String> fields = fields(lines);
    String key = fields.getOrDefault("sec-websocket-key", "");
    if (request.length != 3
        || !request[0].equals("GET")
        || !fields.getOrDefault("upgrade", "").equalsIgnoreCase("websocket")
        || !fields.getOrDefault("sec-websocket-version", "").equals("13")
        || key.isEmpty()) {
      write(socket, "HTTP/1.1 400 Bad Request\r\nConnection: close" + END);
      throw new IOException("not a request for WebSocket: " + lines[0]);
    }
    write(
        socket,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Accept: "
            + answer(key)
            + END);
    return request[1];
  }

  private static void write(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static String head(InputStream in) throws IOException {
    var bytes = new byte[LONGEST];
    int count = 0;
    while (true) {
      int n = in.read(bytes, count, bytes.length - count);
      if (n <= 0) {
        throw new IOException("a request of " + count + " bytes without an end");
      }
      count += n;
      var text = new String(bytes, 0, count, StandardCharsets.ISO_8859_1);
      // A client sends nothing more before it has the answer.
      if (text.endsWith(END)) {
        return text;
      }
    }
  }

  private static Map<String, String> fields(String[] lines) {
    var fields = new HashMap<String, String>();
    for (int i = 1; i < lines.length; i++) {
      int colon = lines[i].indexOf(':');
      if (colon > 0) {
        fields.put(
            lines[i].substring(0, colon).toLowerCase(Locale.ROOT),
            lines[i].substring(colon + 1).strip());
      }
    }
    return fields;
  }

  /** Returns the request of a client. */
  static String request(String path, String key) {
    return "GET "
        + path
        + " HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Key: "
        + key
        + "\r\nSec-WebSocket-Version: 13"
        + END;
  }

  /**
   * Checks the answer of a server, without its end.
   *
   * @throws IOException if it does not agree
   */
  static void check(String head, String key) throws IOException {
    String[] lines = head.split("\r\n");
    if (!lines[0].startsWith("HTTP/1.1 101 ")
        || !fields(lines).getOrDefault("sec-websocket-accept", "").equals(answer(key))) {
      throw new IOException("the server does not agree to WebSocket: " + lines[0]);
    }
  }

  /** Returns what a server answers to this key, so that nothing else is taken for its answer. */
  static String answer(String key) {
    try {
      byte[] salted = (key + SALT).getBytes(StandardCharsets.ISO_8859_1);
      return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-1").digest(salted));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-1", e);
    }
  }
}
