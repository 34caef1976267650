import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** Shrinks a picture to at most 200 pixels a side, into the folder "thumbnails". */
public class Thumbnail {
  private static final int SIDE = 200;
  private static final Path FOLDER = Path.of("thumbnails");

  public static Path shrink(Path photo) throws IOException {
    BufferedImage image = ImageIO.read(photo.toFile());
    if (image == null) {
      throw new IOException("not an image: " + photo);
    }
    double scale = Math.min(1.0, (double) SIDE / Math.max(image.getWidth(), image.getHeight()));
    int width = Math.max(1, (int) (image.getWidth() * scale));
    int height = Math.max(1, (int) (image.getHeight() * scale));
    BufferedImage small = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = small.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    graphics.drawImage(image, 0, 0, width, height, null);
    graphics.dispose();
    Files.createDirectories(FOLDER);
    Path thumbnail = FOLDER.resolve(photo.getFileName().toString().replaceFirst("\\.\\w+$", ".jpg"));
    ImageIO.write(small, "jpg", thumbnail.toFile());
    return thumbnail;
  }
}
