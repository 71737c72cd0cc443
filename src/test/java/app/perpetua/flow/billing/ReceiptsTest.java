package app.perpetua.flow.billing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import app.perpetua.flow.billing.Order.Price;
import app.perpetua.flow.billing.PaymentEvent.Amount;
import app.perpetua.flow.billing.PaymentEvent.Kind;
import app.perpetua.flow.billing.Receipts.Receipt;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ReceiptsTest {
  private static final Price PRICE = new Price(100, "USD");
  private static final Instant START = Instant.parse("2026-01-19T10:30:00Z");

  /**
   * Receipts a second apart: {@code <type> [payment=p] [of=<dispute>] [amount][currency]}.
   *
   * @param status {@code none} if money has not moved
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          capture                                          | captured
          capture 99                                       | none
          capture 100EUR                                   | none
          refund                                           | refunded
          refund 40                                        | none
          a received 40                                    | none
          a received                                       | disputed
          capture, refund 40                               | captured
          capture, refund 40, refund 60                    | refunded
          capture, refund 30, refund 30, refund 40         | refunded
          capture, refund 150                              | refunded
          capture, refund                                  | refunded
          capture, refund 100EUR                           | captured
          capture, refund -100                             | captured
          refund, capture                                  | captured
          capture, a received                              | disputed
          capture, a received 40                           | captured
          capture, a received 250                          | disputed
          capture, a received 100EUR                       | disputed
          capture, a received 40, refund 60                | disputed
          capture, a received 40, b received 60            | disputed
          capture, a received 40, refund 50                | captured
          capture, a received, a won                       | captured
          capture, a received, a canceled                  | captured
          capture, a received, a resolved                  | captured
          capture, refund, a received, a resolved          | refunded
          capture, a received, a lost                      | disputed
          capture, a received, a expired                   | disputed
          capture, a received, a accepted                  | disputed
          capture, a received, a won, b received           | disputed
          capture, a received, a evidence_required, a won  | captured
          capture, a evidence_submitted                    | disputed
          capture, a received, a lost, a arbitration_won   | captured
          capture, a received, a won, a arbitration_lost   | disputed
          capture, a won                                   | captured
          capture, a received, a won, refund               | refunded
          capture, - received, a won                       | captured
          capture, capture p=2                             | captured
          capture, capture p=2, refund                     | captured
          capture, capture p=2, refund p=2                 | captured
          capture, capture p=2, refund, refund p=2         | refunded
          capture, capture p=2, refund 200                 | captured
          capture, capture p=2 7, refund p=2 7             | captured
          capture, capture p=2 500, refund p=2 500         | captured
          capture, refund p=unknown                        | refunded
          capture, capture p=2, refund p=unknown           | captured
          capture, refund, capture p=2                     | captured
          """)
  void FR_075_the_status_follows_from_the_sums_in_every_order(String receipts, String status) {
    List<Receipt> all = new ArrayList<>();
    for (String text : receipts.split(", ", -1)) {
      all.add(receipt(text, all.size()));
    }
    Set<String> ends = new TreeSet<>();
    for (List<Integer> places : Permutations.of(all.size())) {
      ends.add(
          new Receipts(places.stream().map(all::get).toList())
              .status(PRICE)
              .map(Order.Status::wireName)
              .orElse("none"));
    }
    assertEquals(Set.of(status), ends);
  }

  private static Receipt receipt(String text, int second) {
    List<String> words = new ArrayList<>(List.of(text.split(" ")));
    String first = words.removeFirst();
    boolean dispute = !first.equals("capture") && !first.equals("refund");
    Kind type =
        Kind.of(
            dispute
                ? "dispute_" + words.removeFirst()
                : first.equals("capture") ? "payment_captured" : "payment_refunded");
    String payment =
        words.stream()
            .filter(word -> word.startsWith("p="))
            .findFirst()
            .map(word -> word.substring(2))
            .orElse("1");
    Optional<String> amount = words.stream().filter(word -> !word.startsWith("p=")).findFirst();
    String subject = !dispute || first.equals("-") ? null : first;
    EventOrder order = new EventOrder(START.plusSeconds(second), type.rank(), "evt_" + second);
    return new Receipt(type, payment, subject, amount(type, amount.orElse(null)), order);
  }

  private static Amount amount(Kind type, @Nullable String text) {
    if (text == null) {
      boolean capture = type == Kind.PAYMENT_CAPTURED;
      return new Amount(capture ? 100 : null, "USD", capture);
    }
    boolean foreign = text.endsWith("EUR");
    return new Amount(Integer.valueOf(text.replace("EUR", "")), foreign ? "EUR" : "USD", true);
  }
}
