/** A cake takes a second in the oven. Nothing is computed: the task only waits. */
public class Bolo {
  public static String bake(String flavour) throws InterruptedException {
    Thread.sleep(1000);
    return "bolo de " + flavour;
  }
}
