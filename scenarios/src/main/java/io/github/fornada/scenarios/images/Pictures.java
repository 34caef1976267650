package io.github.fornada.scenarios.images;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.ImageIO;

/** Makes the files: photographs of a kind, and a hostile set. */
final class Pictures {
  private Pictures() {}

  /** Writes so many pictures, JPEG and PNG in turn, and returns their files. */
  static List<String> write(Path folder, int count, int width) throws IOException {
    var files = new ArrayList<String>();
    for (int i = 0; i < count; i++) {
      String format = i % 3 == 2 ? "png" : "jpg";
      Path file = folder.resolve("photo-%03d.%s".formatted(i, format));
      if (!ImageIO.write(picture(i, width, width * 3 / 4), format, file.toFile())) {
        throw new IOException("this JDK writes no " + format);
      }
      files.add(file.toString());
    }
    return files;
  }

  private static BufferedImage picture(int seed, int width, int height) {
    var random = new SplittableRandom(seed);
    var picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = picture.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    for (int i = 0; i < 120; i++) {
      g.setColor(new Color(random.nextInt(256), random.nextInt(256), random.nextInt(256), 160));
      int size = 10 + random.nextInt(width / 4);
      g.fillOval(random.nextInt(width) - size / 2, random.nextInt(height) - size / 2, size, size);
    }
    g.dispose();
    // Noise, as a sensor has: without it a picture is decoded far too quickly.
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int noise = random.nextInt(16) * 0x01_01_01;
        picture.setRGB(x, y, picture.getRGB(x, y) ^ noise);
      }
    }
    return picture;
  }

  /**
   * Writes files that are made to do harm, and returns them: a picture cut off, a header that
   * promises 60,000 by 60,000 points, and one on which a decoder ends its JVM.
   */
  static List<String> writeHostile(Path folder, String whole) throws IOException {
    Path cut = folder.resolve("cut-off.jpg");
    byte[] bytes = Files.readAllBytes(Path.of(whole));
    Files.write(cut, Arrays.copyOf(bytes, bytes.length / 3));
    Path bomb = folder.resolve("sixty-thousand.png");
    Files.write(bomb, pngHeader(60_000, 60_000));
    Path halting = folder.resolve("halting.boom");
    Files.writeString(halting, Shrink.HALTING);
    return List.of(cut.toString(), bomb.toString(), halting.toString());
  }

  private static byte[] pngHeader(int width, int height) throws IOException {
    var header = new ByteArrayOutputStream();
    var fields = new DataOutputStream(header);
    fields.writeInt(width);
    fields.writeInt(height);
    fields.write(new byte[] {8, 6, 0, 0, 0}); // 8 bits, RGBA
    var rows = new ByteArrayOutputStream();
    try (var packed = new DeflaterOutputStream(rows)) {
      packed.write(new byte[1 << 16]);
    }
    var file = new ByteArrayOutputStream();
    file.writeBytes(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
    chunk(file, "IHDR", header.toByteArray());
    chunk(file, "IDAT", rows.toByteArray());
    chunk(file, "IEND", new byte[0]);
    return file.toByteArray();
  }

  private static void chunk(ByteArrayOutputStream file, String type, byte[] data)
      throws IOException {
    var crc = new CRC32();
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    crc.update(name);
    crc.update(data);
    var out = new DataOutputStream(file);
    out.writeInt(data.length);
    out.write(name);
    out.write(data);
    out.writeInt((int) crc.getValue());
  }
}
