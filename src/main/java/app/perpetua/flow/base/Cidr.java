package app.perpetua.flow.base;

import java.math.BigInteger;
import java.net.InetAddress;

/**
 * A block of IPv4 or IPv6 addresses (RFC 4632, RFC 4291).
 *
 * @param prefix length in bits
 */
public record Cidr(InetAddress network, int prefix) {
  /**
   * Parses {@code 10.0.0.0/8}, {@code fd00::/8}, or a single address.
   *
   * @throws IllegalArgumentException for anything else; host names are not resolved
   */
  public static Cidr parse(String text) {
    String[] parts = text.split("/", 2);
    try {
      InetAddress network = InetAddress.ofLiteral(parts[0]);
      int bits = network.getAddress().length * 8;
      int prefix = parts.length == 1 ? bits : Integer.parseInt(parts[1]);
      if (prefix >= 0 && prefix <= bits) {
        return new Cidr(network, prefix);
      }
    } catch (IllegalArgumentException e) {
      // The message below names the format.
    }
    throw new IllegalArgumentException("must hold addresses or blocks such as 10.0.0.0/8");
  }

  /** Whether the block contains the address; false for an address of the other family. */
  public boolean contains(InetAddress address) {
    byte[] block = network.getAddress();
    byte[] other = address.getAddress();
    int host = block.length * 8 - prefix;
    return block.length == other.length
        && new BigInteger(1, block)
            .shiftRight(host)
            .equals(new BigInteger(1, other).shiftRight(host));
  }
}
