package app.perpetua.flow.notifications;

import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPrivateKeySpec;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.EllipticCurve;
import java.util.Arrays;

/**
 * Keys on P-256 in the bytes that Web Push writes them in (RFC 8291, section 3.1; RFC 8292, section
 * 3.2).
 */
final class P256 {
  private static final int COORDINATE = 32;

  /** An uncompressed point: a tag and two coordinates. */
  static final int POINT = 1 + 2 * COORDINATE;

  private static final byte UNCOMPRESSED = 4;
  private static final ECParameterSpec CURVE = curve();

  private P256() {}

  /** True if the bytes are an uncompressed point that lies on the curve. */
  static boolean isPoint(byte[] bytes) {
    if (bytes.length != POINT || bytes[0] != UNCOMPRESSED) {
      return false;
    }
    EllipticCurve curve = CURVE.getCurve();
    BigInteger p = ((ECFieldFp) curve.getField()).getP();
    BigInteger x = x(bytes);
    BigInteger y = y(bytes);
    return x.compareTo(p) < 0
        && y.compareTo(p) < 0
        && y.multiply(y)
            .mod(p)
            .equals(x.pow(3).add(curve.getA().multiply(x)).add(curve.getB()).mod(p));
  }

  /**
   * The public key at that point.
   *
   * @throws IllegalArgumentException if it {@linkplain #isPoint is none}
   */
  static ECPublicKey publicKey(byte[] point) {
    if (!isPoint(point)) {
      throw new IllegalArgumentException("no point on P-256");
    }
    try {
      return (ECPublicKey)
          KeyFactory.getInstance("EC")
              .generatePublic(new ECPublicKeySpec(new ECPoint(x(point), y(point)), CURVE));
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("no point on P-256", e);
    }
  }

  /** The key as an uncompressed point. */
  static byte[] bytes(ECPublicKey key) {
    byte[] point = new byte[POINT];
    point[0] = UNCOMPRESSED;
    put(key.getW().getAffineX(), point, 1);
    put(key.getW().getAffineY(), point, 1 + COORDINATE);
    return point;
  }

  private static void put(BigInteger coordinate, byte[] point, int at) {
    // May have a leading zero for the sign, or lack leading zeros.
    byte[] bytes = coordinate.toByteArray();
    int length = Math.min(bytes.length, COORDINATE);
    System.arraycopy(bytes, bytes.length - length, point, at + COORDINATE - length, length);
  }

  /**
   * The private key of that number.
   *
   * @param scalar 32 bytes
   * @throws IllegalArgumentException if it is out of range
   */
  static ECPrivateKey privateKey(byte[] scalar) {
    BigInteger s = new BigInteger(1, scalar);
    if (scalar.length != COORDINATE || s.signum() == 0 || s.compareTo(CURVE.getOrder()) >= 0) {
      throw new IllegalArgumentException("no private key on P-256");
    }
    try {
      return (ECPrivateKey)
          KeyFactory.getInstance("EC").generatePrivate(new ECPrivateKeySpec(s, CURVE));
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("no private key on P-256");
    }
  }

  private static BigInteger x(byte[] point) {
    return new BigInteger(1, Arrays.copyOfRange(point, 1, 1 + COORDINATE));
  }

  private static BigInteger y(byte[] point) {
    return new BigInteger(1, Arrays.copyOfRange(point, 1 + COORDINATE, POINT));
  }

  private static ECParameterSpec curve() {
    try {
      AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
      parameters.init(new ECGenParameterSpec("secp256r1"));
      return parameters.getParameterSpec(ECParameterSpec.class);
    } catch (GeneralSecurityException e) {
      throw new AssertionError("every Java platform has P-256", e);
    }
  }
}
