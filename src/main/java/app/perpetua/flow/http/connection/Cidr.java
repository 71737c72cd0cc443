package app.perpetua.flow.http.connection;

import java.net.InetAddress;

/**
 * A block of addresses, IPv4 or IPv6 (RFC 4632, RFC 4291).
 *
 * @param network the block's first address
 * @param prefix how many leading bits count
 */
public record Cidr(InetAddress network, int prefix) {
  /**
   * Reads {@code 10.0.0.0/8}, {@code fd00::/8}, or one address.
   *
   * @throws IllegalArgumentException if it is none of these; names are never looked up
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
      // Told below, in words that name the form.
    }
    throw new IllegalArgumentException("must hold addresses or blocks such as 10.0.0.0/8");
  }

  /** True if the address lies in this block; one of the other family never does. */
  public boolean contains(InetAddress address) {
    byte[] mine = network.getAddress();
    byte[] other = address.getAddress();
    if (mine.length != other.length) {
      return false;
    }
    for (int bit = 0; bit < prefix; bit++) {
      int mask = 0x80 >> (bit % 8);
      if ((mine[bit / 8] & mask) != (other[bit / 8] & mask)) {
        return false;
      }
    }
    return true;
  }
}
