package app.perpetua.flow.notifications;

import com.nimbusds.jose.crypto.utils.ECChecks;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.util.ByteUtils;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECFieldFp;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPrivateKeySpec;
import java.security.spec.ECPublicKeySpec;
import java.util.Arrays;

/**
 * P-256 keys in the encoding of Web Push: uncompressed points and 32-byte scalars (RFC 8291,
 * section 3.1; RFC 8292, section 3.2).
 */
final class P256 {
  private static final int BITS = 256;
  private static final int COORDINATE = BITS / 8;
  private static final int POINT = 1 + 2 * COORDINATE;
  private static final byte UNCOMPRESSED = 4;
  private static final ECParameterSpec CURVE = Curve.P_256.toECParameterSpec();

  private P256() {}

  /** True if the bytes are an uncompressed point that lies on the curve. */
  static boolean isPoint(byte[] bytes) {
    if (bytes.length != POINT || bytes[0] != UNCOMPRESSED) {
      return false;
    }
    // Nimbus reduces modulo p, but a coordinate must be below it (SEC 1, section 2.3.4).
    BigInteger p = ((ECFieldFp) CURVE.getCurve().getField()).getP();
    BigInteger x = x(bytes);
    BigInteger y = y(bytes);
    return x.compareTo(p) < 0 && y.compareTo(p) < 0 && ECChecks.isPointOnCurve(x, y, CURVE);
  }

  /**
   * @throws IllegalArgumentException unless {@link #isPoint}
   */
  static ECPublicKey publicKey(byte[] point) {
    if (!isPoint(point)) {
      throw new IllegalArgumentException("not a point on P-256");
    }
    try {
      return (ECPublicKey)
          KeyFactory.getInstance("EC")
              .generatePublic(new ECPublicKeySpec(new ECPoint(x(point), y(point)), CURVE));
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("not a point on P-256", e);
    }
  }

  /** The key as an uncompressed point. */
  static byte[] bytes(ECPublicKey key) {
    return ByteUtils.concat(
        new byte[] {UNCOMPRESSED},
        ECKey.encodeCoordinate(BITS, key.getW().getAffineX()).decode(),
        ECKey.encodeCoordinate(BITS, key.getW().getAffineY()).decode());
  }

  /**
   * @param scalar 32 bytes
   * @throws IllegalArgumentException if it is out of range
   */
  static ECPrivateKey privateKey(byte[] scalar) {
    BigInteger s = new BigInteger(1, scalar);
    if (scalar.length != COORDINATE || s.signum() == 0 || s.compareTo(CURVE.getOrder()) >= 0) {
      throw new IllegalArgumentException("not a private key on P-256");
    }
    try {
      return (ECPrivateKey)
          KeyFactory.getInstance("EC").generatePrivate(new ECPrivateKeySpec(s, CURVE));
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("not a private key on P-256");
    }
  }

  private static BigInteger x(byte[] point) {
    return new BigInteger(1, Arrays.copyOfRange(point, 1, 1 + COORDINATE));
  }

  private static BigInteger y(byte[] point) {
    return new BigInteger(1, Arrays.copyOfRange(point, 1 + COORDINATE, POINT));
  }
}
