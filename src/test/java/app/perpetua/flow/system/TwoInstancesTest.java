package app.perpetua.flow.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import app.perpetua.flow.harness.Api;
import app.perpetua.flow.harness.FreePort;
import app.perpetua.flow.harness.Invariants;
import app.perpetua.flow.harness.SigningKey;
import app.perpetua.flow.harness.TestDatabase;
import app.perpetua.flow.harness.TestService;
import app.perpetua.flow.harness.process.Jar;
import app.perpetua.flow.harness.process.Stage;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import java.security.KeyPair;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Two processes on one database behave as one service. */
@Tag("system")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TwoInstancesTest {
  private static final String TASKS = "/api/v1/tasks";
  private static final String ME = "/api/v1/users/me";

  @Order(1)
  @RegisterExtension
  static final TestDatabase database = new TestDatabase();

  @Order(2)
  @RegisterExtension
  static final Stage stage = new Stage(database);

  private final List<Jar> jars = new ArrayList<>();
  private final List<Api> apis = new ArrayList<>();

  @BeforeAll
  void start() {
    for (int i = 0; i < 2; i++) {
      int port = FreePort.find();
      jars.add(new Jar(Jar.java(), List.of(), stage.environmentOn(port), port));
    }
    jars.forEach(jar -> apis.add(new Api(jar.awaitReady().uri())));
  }

  @AfterAll
  void stop() {
    apis.forEach(Api::close);
    jars.forEach(Jar::close);
  }

  @Test
  void promise_3_thirty_requests_with_one_key_to_two_instances_have_one_effect() throws Exception {
    TestService.Session user = stage.newUser(apis.getFirst());
    UUID key = UUID.randomUUID();
    CountDownLatch start = new CountDownLatch(1);
    List<Future<Api.Answer>> answers = new ArrayList<>();
    try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 30; i++) {
        Api api = apis.get(i % 2).as(user.accessToken()).withKey(key);
        answers.add(
            callers.submit(
                () -> {
                  start.await();
                  return api.post(TASKS, Map.of("title", "once"));
                }));
      }
      start.countDown();
    }
    int first = 0;
    List<String> bodies = new ArrayList<>();
    for (Future<Api.Answer> future : answers) {
      Api.Answer answer = future.get();
      if (answer.status() == 409) {
        answer.expect(409, "IDEMPOTENCY_IN_PROGRESS");
        assertEquals("1", answer.header("Retry-After").orElse(""));
      } else {
        bodies.add(answer.expect(201).text());
        first += answer.header("X-Idempotent-Replayed").isPresent() ? 0 : 1;
      }
    }
    assertEquals(1, first, "one ran");
    assertEquals(1, bodies.stream().distinct().count(), "the rest got its answer");
    assertEquals(
        1,
        database.number(
            "select count(*) from tasks.task_instances where user_id = ?", user.userId()));
    Invariants.check(database);
  }

  @Test
  void instances_accept_each_others_tokens() {
    TestService.Session user = stage.newUser(apis.getFirst());
    Api other = apis.getLast();
    other.as(user.accessToken()).get(ME).expect(200);
    String successor =
        other
            .post("/api/v1/auth/refresh", Map.of("refresh_token", user.refreshToken()))
            .expect(200)
            .json()
            .get("refresh_token")
            .stringValue();
    assertEquals(
        successor,
        apis.getFirst()
            .post("/api/v1/auth/refresh", Map.of("refresh_token", user.refreshToken()))
            .expect(200)
            .json()
            .get("refresh_token")
            .stringValue());
  }

  @Test
  void promise_10_all_forged_tokens_get_the_same_answer_without_an_outgoing_call()
      throws Exception {
    TestService.Session user = stage.newUser(apis.getFirst());
    int fetched = stage.google().fetches();
    List<String> answers = new ArrayList<>();
    for (String token : forged(user)) {
      for (Api api : apis) {
        answers.add(
            api.with("X-Request-ID", "same").as(token).get(ME).expect(401, "UNAUTHORIZED").text());
      }
    }
    assertEquals(1, answers.stream().distinct().count(), answers.toString());
    assertEquals(fetched, stage.google().fetches());
    apis.getFirst()
        .as(signed(header(), claims(user, Duration.ofMinutes(-16)), SigningKey.PAIR))
        .get(ME)
        .expect(401, "TOKEN_EXPIRED");
    apis.getFirst()
        .as(signed(header(), claims(user, Duration.ZERO), SigningKey.PAIR))
        .get(ME)
        .expect(200);
  }

  private List<String> forged(TestService.Session user) throws Exception {
    JWTClaimsSet good = claims(user, Duration.ZERO);
    KeyPair own = SigningKey.make();
    JWSHeader embedded =
        new JWSHeader.Builder(header())
            .jwk(new RSAKey.Builder((RSAPublicKey) own.getPublic()).build())
            .build();
    JWSHeader elsewhere = new JWSHeader.Builder(header()).jwkURL(stage.google().jwksUrl()).build();
    SignedJWT symmetric =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.HS256)
                .type(JOSEObjectType.JWT)
                .keyID(header().getKeyID())
                .build(),
            good);
    symmetric.sign(new MACSigner(SigningKey.PAIR.getPublic().getEncoded()));
    return List.of(
        new PlainJWT(good).serialize(),
        symmetric.serialize(),
        signed(header(), good, own),
        signed(embedded, good, own),
        signed(elsewhere, good, SigningKey.PAIR),
        signed(new JWSHeader.Builder(header()).keyID("../../k1").build(), good, SigningKey.PAIR),
        signed(header(), claims(user, Duration.ofMinutes(5)), SigningKey.PAIR),
        signed(
            header(),
            new JWTClaimsSet.Builder(good).audience("another-api").build(),
            SigningKey.PAIR),
        signed(
            header(),
            new JWTClaimsSet.Builder(good).issuer("https://accounts.google.com").build(),
            SigningKey.PAIR),
        user.refreshToken(),
        user.accessToken().replaceFirst("\\.[^.]*$", "."),
        "x".repeat(8_000));
  }

  private JWSHeader header() throws Exception {
    return new JWSHeader.Builder(JWSAlgorithm.RS256)
        .type(JOSEObjectType.JWT)
        .keyID(
            new RSAKey.Builder((RSAPublicKey) SigningKey.PAIR.getPublic())
                .build()
                .computeThumbprint()
                .toString())
        .build();
  }

  /** As we would have written them that much from now. */
  private static JWTClaimsSet claims(TestService.Session user, Duration offset) {
    Instant issued = Instant.now().plus(offset);
    return new JWTClaimsSet.Builder()
        .subject(user.userId().toString())
        .claim("email", "ada@example.com")
        .claim("tier", "free")
        .issueTime(Date.from(issued))
        .expirationTime(Date.from(issued.plus(Duration.ofMinutes(15))))
        .issuer("perpetua-flow")
        .audience("perpetua-flow-api")
        .jwtID(UUID.randomUUID().toString())
        .build();
  }

  private static String signed(JWSHeader header, JWTClaimsSet claims, KeyPair key)
      throws Exception {
    SignedJWT jwt = new SignedJWT(header, claims);
    jwt.sign(new RSASSASigner(key.getPrivate()));
    assertTrue(jwt.serialize().length() > 100);
    return jwt.serialize();
  }
}
