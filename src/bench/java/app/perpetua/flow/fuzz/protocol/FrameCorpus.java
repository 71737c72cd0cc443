package app.perpetua.flow.fuzz.protocol;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** WebSocket frames that RFC 6455 forbids, each with the close code that it has for them. */
final class FrameCorpus {
  /**
   * What is sent after the upgrade.
   *
   * @param codes close codes that are right; 1006 is a connection that ends without a close frame
   */
  record Frames(String name, byte[] bytes, List<Integer> codes) {}

  private static final int PROTOCOL = 1002;
  private static final int INVALID_TEXT = 1007;

  private final List<Frames> all = new ArrayList<>();

  private FrameCorpus() {}

  static List<Frames> violations() {
    FrameCorpus corpus = new FrameCorpus();
    corpus.heads();
    corpus.texts();
    corpus.closes();
    return corpus.all;
  }

  private void add(String name, int code, byte[]... parts) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      bytes.writeBytes(part);
    }
    all.add(new Frames(name, bytes.toByteArray(), List.of(code)));
  }

  private void heads() {
    for (int opcode : new int[] {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
      add("opcode " + opcode, PROTOCOL, frame(0x80 | opcode, "80"));
      add("unfinished opcode " + opcode, PROTOCOL, frame(opcode, "80"));
    }
    for (int bits : new int[] {0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70}) {
      for (int opcode : new int[] {1, 2, 8, 9, 10}) {
        add("bits " + bits + " of " + opcode, PROTOCOL, frame(0x80 | bits | opcode, "80"));
      }
    }
    for (int opcode : new int[] {8, 9, 10}) {
      add("fragment of " + opcode, PROTOCOL, frame(opcode, "80"));
      add("126 bytes of " + opcode, PROTOCOL, frame(0x80 | opcode, "fe007e", new byte[126]));
      add("65,536 bytes of " + opcode, PROTOCOL, frame(0x80 | opcode, "ff0000000000010000"));
    }
    add("not masked", PROTOCOL, new byte[] {(byte) 0x81, 1, 'a'});
    add("empty and not masked", PROTOCOL, new byte[] {(byte) 0x82, 0});
    add("close, not masked", PROTOCOL, new byte[] {(byte) 0x88, 2, 3, (byte) 0xe8});
    add("continuation of nothing", PROTOCOL, frame(0x80, "80"));
    add("unfinished continuation of nothing", PROTOCOL, frame(0, "80"));
    add("a text within a text", PROTOCOL, frame(1, "81", 'a'), frame(0x81, "81", 'b'));
    add("a binary within a text", PROTOCOL, frame(1, "81", 'a'), frame(0x82, "81", 'b'));
    add("continuation after the end", PROTOCOL, frame(0x89, "80"), frame(0x80, "80"));
    add("long form of 0", PROTOCOL, frame(0x82, "fe0000"));
    add("long form of 125", PROTOCOL, frame(0x82, "fe007d", new byte[125]));
    add("longest form of 0", PROTOCOL, frame(0x82, "ff0000000000000000"));
    add("longest form of 65,535", PROTOCOL, frame(0x82, "ff000000000000ffff", new byte[65_535]));
    add("2^63 bytes", PROTOCOL, frame(0x82, "ff8000000000000000"));
    add("2^64 - 1 bytes", PROTOCOL, frame(0x82, "ffffffffffffffffff"));
  }

  private void texts() {
    for (String text :
        List.of(
            "ff",
            "fe",
            "80",
            "bf",
            "c0",
            "c080",
            "c1bf",
            "e08080",
            "eda080",
            "edbfbf",
            "f0808080",
            "f4908080",
            "f5808080",
            "f8888080",
            "e282",
            "61ff62",
            "f09f98")) {
      byte[] bytes = HexFormat.of().parseHex(text);
      add("text " + text, INVALID_TEXT, frame(0x81, length(bytes), bytes));
    }
    add("fragments of an invalid text", INVALID_TEXT, frame(1, "81", 0xe2), frame(0x80, "81", 'a'));
  }

  private void closes() {
    for (int code :
        new int[] {0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}) {
      byte[] bytes = {(byte) (code >> 8), (byte) code};
      add("close code " + code, PROTOCOL, frame(0x88, length(bytes), bytes));
    }
    add("a close of one byte", PROTOCOL, frame(0x88, "81", 3));
    byte[] invalid = {3, (byte) 0xe8, (byte) 0xff, (byte) 0xff};
    add("a reason that is not text", INVALID_TEXT, frame(0x88, length(invalid), invalid));
  }

  private static String length(byte[] payload) {
    return HexFormat.of().toHexDigits((byte) (0x80 | payload.length));
  }

  private static byte[] frame(int first, String length, int... payload) {
    byte[] bytes = new byte[payload.length];
    for (int i = 0; i < payload.length; i++) {
      bytes[i] = (byte) payload[i];
    }
    return frame(first, length, bytes);
  }

  /** A frame whose mask changes nothing. */
  static byte[] frame(int first, String length, byte[] payload) {
    ByteArrayOutputStream frame = new ByteArrayOutputStream();
    frame.write(first);
    frame.writeBytes(HexFormat.of().parseHex(length));
    frame.writeBytes(new byte[4]);
    frame.writeBytes(payload);
    return frame.toByteArray();
  }

  /** A text message of the voice protocol. */
  static byte[] text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return frame(0x81, length(bytes), bytes);
  }
}
