package app.perpetua.flow.voice;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.fake.WebmFile;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebmAudioTest {
  private static final String HEADER = "1a45dfa380" + "1853806701ffffffffffffff";

  private final WebmAudio audio = new WebmAudio();

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replace(" ", ""));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 64, 1_000, 1_000_000})
  void blocks_are_measured_whatever_the_size_of_messages(int size) {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    WebmFile.pieces(700).forEach(file::writeBytes);
    byte[] bytes = file.toByteArray();
    ByteArrayOutputStream accepted = new ByteArrayOutputStream();
    for (int at = 0; at < bytes.length; at += size) {
      accepted.writeBytes(
          audio.accept(Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + size))));
    }
    assertArrayEquals(bytes, accepted.toByteArray());
    // The last of 35000 blocks of 20 ms begins here.
    assertEquals(69.98, audio.seconds(), 1e-9);
  }

  /** From the first block, with the scale of the file, in blocks of either kind. */
  @ParameterizedTest
  @CsvSource({
    // clusters of unknown size: timestamp 5000, blocks at 0 and 1000 ms
    "1f43b67501ffffffffffffff e7821388 a38481000000 a3848103e800, 1",
    // a later cluster, and a block before the cluster's timestamp
    "1f43b675ff e78100 a38481000000 1f43b675ff e7820bb8 a38481ff9c00, 2.9",
    // in a group; a block with its track number in two bytes
    "1f43b675ff e78100 a086a18481000000 a087a1854001 0bb800, 3",
    // ticks of 10 ms
    "1549a96687 2ad7b183989680 1f43b675ff e78100 a38481000000 a38481006400, 1",
    // void elements and tags are skipped
    "ec82e781 1f43b675ff e78100 a38481000000 ec84a3848107 a3848107d000, 2",
    // a block without a timestamp
    "1f43b675ff e78100 a38481000000 a38181 a3848103e800, 1",
  })
  void timestamps_are_those_of_the_file(String content, double seconds) {
    audio.accept(hex(HEADER + content));
    assertEquals(seconds, audio.seconds(), 1e-9);
  }

  @ParameterizedTest
  @ValueSource(strings = {"00000000", "ec01ffffffffffffff", "ec00", "0a45"})
  void behind_other_data_nothing_more_is_measured_but_all_is_relayed(String other) {
    audio.accept(hex(HEADER + "1f43b675ff e78100 a38481000000 a3848103e800"));
    byte[] after = hex(other + "a3848107d000".repeat(10));
    assertArrayEquals(after, audio.accept(after));
    assertEquals(1, audio.seconds());
    assertFalse(audio.isRejected());
  }

  @Test
  void random_data_has_no_effect_on_what_is_relayed() {
    Random random = new Random(7);
    for (int i = 0; i < 200; i++) {
      WebmAudio any = new WebmAudio();
      any.accept(hex(HEADER + "1f43b675ff"));
      byte[] bytes = new byte[2_000];
      random.nextBytes(bytes);
      assertArrayEquals(bytes, any.accept(bytes));
      assertTrue(any.seconds() >= 0);
    }
  }

  @Test
  void other_formats_are_rejected() {
    for (String other : List.of("RIFF0000WAVE", "OggS", "\u001aEss", "    ")) {
      WebmAudio none = new WebmAudio();
      assertEquals(0, none.accept(other.getBytes(StandardCharsets.ISO_8859_1)).length);
      assertTrue(none.isRejected());
      assertEquals(0, none.accept(hex(HEADER)).length);
    }
  }
}
