package app.perpetua.flow.tokens;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.http.auth.Scope;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/** Scopes as they are stored: separated by spaces (RFC 6749, section 3.3). */
final class Scopes {
  private Scopes() {}

  static String text(Collection<Scope> scopes) {
    return scopes.stream().sorted().map(Scope::wireName).collect(Collectors.joining(" "));
  }

  static List<Scope> parse(String text) {
    return Arrays.stream(text.split(" ")).map(name -> WireName.parse(Scope.class, name)).toList();
  }
}
