package io.github.fornada.scenarios.images;

import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.awt.image.ConvolveOp;
import java.awt.image.Kernel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.CRC32;
import javax.imageio.IIOException;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadWarningListener;
import javax.imageio.stream.ImageInputStream;
import org.jspecify.annotations.Nullable;

/** The function: decodes a picture, makes it smaller, sharpens it, and encodes it twice. */
final class Shrink {
  /** What a file begins with on which the planted decoder ends its JVM. */
  static final String HALTING = "BOOM!";

  private static final int WIDTH = 320;

  private static final Kernel SHARPER =
      new Kernel(3, 3, new float[] {0, -0.25f, 0, -0.25f, 2, -0.25f, 0, -0.25f, 0});

  static {
    ImageIO.setUseCache(false); // otherwise every picture goes through a file
  }

  private Shrink() {}

  /**
   * What became of a picture.
   *
   * @param width of the small picture
   * @param height of the small picture
   * @param pixels checksum of its points
   * @param jpeg checksum of it as JPEG, byte for byte
   * @param png checksum of it as PNG, byte for byte
   */
  record Small(int width, int height, long pixels, long jpeg, long png) {}

  /** Returns what became of the picture in this file. */
  static Small file(String file) throws IOException {
    BufferedImage small = sharpened(resized(decoded(Files.readAllBytes(Path.of(file)))));
    int width = small.getWidth();
    var points = new int[width * small.getHeight()];
    var pixels = new CRC32();
    for (int point : small.getRGB(0, 0, width, small.getHeight(), points, 0, width)) {
      pixels.update(point);
      pixels.update(point >> 8);
      pixels.update(point >> 16);
    }
    return new Small(
        small.getWidth(),
        small.getHeight(),
        pixels.getValue(),
        encoded(small, "jpg"),
        encoded(small, "png"));
  }

  private static BufferedImage decoded(byte[] bytes) throws IOException {
    byte[] halting = HALTING.getBytes(StandardCharsets.US_ASCII);
    if (Arrays.equals(halting, Arrays.copyOf(bytes, halting.length))) {
      Runtime.getRuntime().halt(3); // the planted decoder
    }
    try (ImageInputStream in = ImageIO.createImageInputStream(new ByteArrayInputStream(bytes))) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
      if (!readers.hasNext()) {
        throw new IOException("no picture that this JDK reads");
      }
      ImageReader reader = readers.next();
      try {
        var warning = new AtomicReference<@Nullable String>();
        IIOReadWarningListener listener = (source, text) -> warning.compareAndSet(null, text);
        reader.addIIOReadWarningListener(listener);
        reader.setInput(in);
        BufferedImage picture = reader.read(0);
        if (warning.get() != null) {
          throw new IIOException("the picture is damaged: " + warning.get());
        }
        return picture;
      } finally {
        reader.dispose();
      }
    }
  }

  private static BufferedImage resized(BufferedImage picture) {
    BufferedImage now = picture;
    // By halves: a single large step would leave points out.
    while (now.getWidth() > 2 * WIDTH) {
      now = drawn(now, now.getWidth() / 2, now.getHeight() / 2);
    }
    return drawn(now, WIDTH, Math.max(1, WIDTH * picture.getHeight() / picture.getWidth()));
  }

  private static BufferedImage drawn(BufferedImage from, int width, int height) {
    var to = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = to.createGraphics();
    g.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BILINEAR);
    g.drawImage(from, 0, 0, width, height, null);
    g.dispose();
    return to;
  }

  private static BufferedImage sharpened(BufferedImage picture) {
    return new ConvolveOp(SHARPER, ConvolveOp.EDGE_NO_OP, null).filter(picture, null);
  }

  private static long encoded(BufferedImage picture, String format) throws IOException {
    var out = new ByteArrayOutputStream();
    if (!ImageIO.write(picture, format, out)) {
      throw new IOException("this JDK writes no " + format);
    }
    var crc = new CRC32();
    crc.update(out.toByteArray());
    return crc.getValue();
  }
}
