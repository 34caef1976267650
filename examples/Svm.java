import java.util.SplittableRandom;
import java.util.logging.Level;
import java.util.logging.Logger;
import libsvm.svm;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.classification.libsvm.LibSVMClassificationTrainer;
import org.tribuo.classification.libsvm.SVMClassificationType;
import org.tribuo.common.libsvm.KernelType;
import org.tribuo.common.libsvm.SVMParameters;
import org.tribuo.impl.ArrayExample;
import org.tribuo.provenance.SimpleDataSourceProvenance;

/**
 * Trains a support vector machine. It computes, but threads gain nothing: LibSVM lets one thread of
 * a JVM train at a time. Needs org.tribuo:tribuo-classification-libsvm on the class path.
 */
public class Svm {
  // Kept, or the logger would be collected and its level with it.
  private static final Logger TRIBUO = Logger.getLogger("org.tribuo");

  static {
    TRIBUO.setLevel(Level.WARNING);
    svm.svm_set_print_string_function(text -> {});
  }

  public static String train(int seed) {
    var labels = new LabelFactory();
    var data = new MutableDataset<>(new SimpleDataSourceProvenance("points", labels), labels);
    var random = new SplittableRandom(seed);
    for (int i = 0; i < 600; i++) {
      double x = random.nextDouble(-1, 1);
      double y = random.nextDouble(-1, 1);
      String label = x * x + y * y + random.nextDouble() < 1.1 ? "in" : "out";
      data.add(new ArrayExample<>(new Label(label), new String[] {"x", "y"}, new double[] {x, y}));
    }
    var parameters =
        new SVMParameters<>(
            new SVMClassificationType(SVMClassificationType.SVMMode.C_SVC), KernelType.RBF);
    var trainer = new LibSVMClassificationTrainer(parameters, 1);
    return trainer.train(data).getName() + " " + seed;
  }
}
