package app.perpetua.flow.search;

import app.perpetua.flow.base.WireName;
import app.perpetua.flow.http.Reply;
import app.perpetua.flow.http.Request;
import app.perpetua.flow.http.SearchWork;
import app.perpetua.flow.parsing.QueryParameters;
import app.perpetua.flow.sql.PageRequest;
import app.perpetua.flow.sql.Tx;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** The endpoint of searches. */
final class SearchRoutes {
  /** Code points. */
  private static final int MAX_TEXT = 200;

  private static final String INVALID_CURSOR =
      "must be next_cursor of this search, with the same q and type";

  private final Searches searches;

  SearchRoutes(Searches searches) {
    this.searches = searches;
  }

  /** GET /search. */
  Function<Tx, Reply> search(Request request) {
    QueryParameters query = request.query();
    List<String> words = query.someWords("q", MAX_TEXT);
    Set<String> types = query.anyOf("type", Set.of(WireName.all(ResultType.class)));
    PageRequest.Position after = query.signed("cursor", INVALID_CURSOR);
    int limit = query.limit();
    Function<PageRequest.Position, String> signer = query.signer();
    query.validate();
    SearchPosition position = after == null ? SearchPosition.FIRST : SearchPosition.of(after);
    return new SearchWork(
        tx ->
            Reply.page(
                searches.search(
                    tx,
                    new Searches.Search(words, types, position, limit),
                    next -> signer.apply(next.position()))));
  }
}
