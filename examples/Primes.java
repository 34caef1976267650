/** Counts primes by trial division. It only computes: each task keeps one processor busy. */
public class Primes {
  public static long countBelow(long limit) {
    long count = 0;
    for (long n = 2; n < limit; n++) {
      if (isPrime(n)) {
        count++;
      }
    }
    return count;
  }

  private static boolean isPrime(long n) {
    for (long divisor = 2; divisor * divisor <= n; divisor++) {
      if (n % divisor == 0) {
        return false;
      }
    }
    return true;
  }
}
