import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.io.File;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;

/**
 * Writes pictures anew with a palette of their 256 most frequent colours, which a report hardly
 * exceeds: a third of the size. Usage: java Palette.java FILE.png...
 */
public class Palette {
  public static void main(String[] files) throws IOException {
    for (String name : files) {
      File file = new File(name);
      ImageIO.write(reduced(ImageIO.read(file)), "png", file);
    }
  }

  private static BufferedImage reduced(BufferedImage picture) {
    int width = picture.getWidth();
    int height = picture.getHeight();
    int[] pixels = picture.getRGB(0, 0, width, height, null, 0, width);
    Map<Integer, Integer> counts = new HashMap<>();
    Arrays.stream(pixels).forEach(pixel -> counts.merge(pixel & 0xFFFFFF, 1, Integer::sum));
    List<Integer> most =
        counts.keySet().stream()
            .sorted(Comparator.comparing(counts::get, Comparator.reverseOrder()))
            .limit(256)
            .toList();
    int[] palette = most.stream().mapToInt(Integer::intValue).toArray();
    Map<Integer, Integer> nearest = new HashMap<>();
    var model =
        new IndexColorModel(8, palette.length, palette, 0, false, -1, DataBuffer.TYPE_BYTE);
    var small = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_INDEXED, model);
    for (int i = 0; i < pixels.length; i++) {
      int index = nearest.computeIfAbsent(pixels[i] & 0xFFFFFF, colour -> nearest(palette, colour));
      small.getRaster().setSample(i % width, i / width, 0, index);
    }
    return small;
  }

  private static int nearest(int[] palette, int colour) {
    int best = 0;
    for (int i = 1; i < palette.length; i++) {
      if (distance(palette[i], colour) < distance(palette[best], colour)) {
        best = i;
      }
    }
    return best;
  }

  private static int distance(int a, int b) {
    int red = (a >> 16 & 0xFF) - (b >> 16 & 0xFF);
    int green = (a >> 8 & 0xFF) - (b >> 8 & 0xFF);
    int blue = (a & 0xFF) - (b & 0xFF);
    return red * red + green * green + blue * blue;
  }
}
