package app.perpetua.flow.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.util.Date;
import java.util.Map;
import java.util.Set;

/**
 * The architecture rules, applied to the packages below a root.
 *
 * @param root the name of the root package
 */
record ArchitectureRules(String root) {
  private static final int PORTS = 1;
  private static final int FEATURES = 2;
  private static final int HELIDON = 4;
  private static final int ROUTES = 6;
  private static final int TOP = 9;

  /** Layers of the packages that are not features. */
  private static final Map<String, Integer> LAYERS =
      Map.ofEntries(
          Map.entry("base", 0),
          Map.entry("sql", 0),
          Map.entry("redis", 0),
          Map.entry("events", PORTS),
          Map.entry("jobs", PORTS),
          Map.entry("parsing", PORTS),
          Map.entry("provider", 3),
          Map.entry("http.auth", PORTS),
          Map.entry("http.connection", HELIDON),
          Map.entry("http.limits", HELIDON),
          Map.entry("http", 5),
          Map.entry("http.websocket", ROUTES),
          Map.entry("module", ROUTES),
          Map.entry("mcp", ROUTES),
          Map.entry("http.server", 7),
          Map.entry("observability", 8));

  /** Methods that read time, randomness or the environment, by class. */
  private static final Map<String, Set<String>> HIDDEN_INPUTS =
      Map.of(
          "java.lang.System", Set.of("currentTimeMillis", "getenv"),
          "java.lang.Math", Set.of("random"),
          "java.util.UUID", Set.of("randomUUID"),
          "java.time.Clock", Set.of("systemUTC", "systemDefaultZone", "system", "tickMillis"));

  /** Conversions of dates that libraries return or require. */
  private static final Set<String> DATE_CONVERSIONS = Set.of("toInstant", "from");

  Map<String, ArchRule> rules() {
    return Map.ofEntries(
        Map.entry("no import from a higher layer", noUpwardImport()),
        Map.entry("packages are free of cycles", noCycles()),
        Map.entry("routes and modules are used within their feature alone", ownRoutesOnly()),
        Map.entry("only the root package imports providers", providersFromRootOnly()),
        Map.entry("http imports no feature", httpImportsNoFeature()),
        Map.entry("only http packages, observability and routes use Helidon", helidonOnlyInHttp()),
        Map.entry("only sql and jobs use JDBC", jdbcOnlyInSql()),
        Map.entry("providers do not use sql", providersWithoutSql()),
        Map.entry("no Date and Calendar", noDates()),
        Map.entry("time, randomness and environment are passed in", noHiddenInputs()),
        Map.entry("no mutable static fields", noStaticState()),
        Map.entry("no thread-locals", noThreadLocals()),
        Map.entry("no empty class names", names()));
  }

  private ArchRule noUpwardImport() {
    return classes()
        .should(
            new ArchCondition<>("depend only on their layer and those below") {
              @Override
              public void check(JavaClass origin, ConditionEvents events) {
                for (Dependency dependency : origin.getDirectDependenciesFromSelf()) {
                  JavaClass target = dependency.getTargetClass();
                  if (isOurs(target) && layer(target) > layer(origin)) {
                    events.add(
                        SimpleConditionEvent.violated(dependency, dependency.getDescription()));
                  }
                }
              }
            });
  }

  /** Ignores routes, which are in a higher layer than the rest of their package. */
  private ArchRule noCycles() {
    return slices()
        .assignedFrom(
            new SliceAssignment() {
              @Override
              public SliceIdentifier getIdentifierOf(JavaClass type) {
                return !isOurs(type) || topPackage(type).isEmpty() || isRoutesLayer(type)
                    ? SliceIdentifier.ignore()
                    : SliceIdentifier.of(topPackage(type));
              }

              @Override
              public String getDescription() {
                return "packages";
              }
            })
        .should()
        .beFreeOfCycles()
        .allowEmptyShould(true);
  }

  private ArchRule ownRoutesOnly() {
    return classes()
        .that(describe("are below the top", (JavaClass type) -> layer(type) < TOP))
        .should(
            new ArchCondition<>("not depend on another package's routes or module") {
              @Override
              public void check(JavaClass origin, ConditionEvents events) {
                for (Dependency dependency : origin.getDirectDependenciesFromSelf()) {
                  JavaClass target = dependency.getTargetClass();
                  if (isOurs(target)
                      && (isRoutes(target) || isModule(target))
                      && !topPackage(target).equals(topPackage(origin))) {
                    events.add(
                        SimpleConditionEvent.violated(dependency, dependency.getDescription()));
                  }
                }
              }
            })
        .allowEmptyShould(true);
  }

  private ArchRule providersFromRootOnly() {
    return noClasses()
        .that(
            describe(
                "are neither providers nor in the root package",
                (JavaClass type) -> layer(type) < TOP && !topPackage(type).equals("provider")))
        .should()
        .dependOnClassesThat(below("provider"))
        .allowEmptyShould(true);
  }

  private ArchRule httpImportsNoFeature() {
    return noClasses()
        .that(below("http"))
        .should()
        .dependOnClassesThat(
            describe(
                "belong to a feature",
                (JavaClass type) -> isOurs(type) && isFeature(topPackage(type))))
        .allowEmptyShould(true);
  }

  private ArchRule helidonOnlyInHttp() {
    return noClasses()
        .that(describe("are below http", (JavaClass type) -> layer(type) < HELIDON))
        .should()
        .dependOnClassesThat(resideInAPackage("io.helidon.."))
        .allowEmptyShould(true);
  }

  private ArchRule jdbcOnlyInSql() {
    return noClasses()
        .that(
            describe(
                "are neither sql, jobs nor the top",
                (JavaClass type) ->
                    layer(type) < TOP && !Set.of("sql", "jobs").contains(topPackage(type))))
        .should()
        .dependOnClassesThat(
            resideInAnyPackage(
                "java.sql..", "javax.sql..", "org.postgresql..", "com.zaxxer..", "org.flywaydb.."))
        .allowEmptyShould(true);
  }

  private ArchRule providersWithoutSql() {
    return noClasses()
        .that(below("provider"))
        .should()
        .dependOnClassesThat(below("sql"))
        .allowEmptyShould(true);
  }

  private static ArchRule noDates() {
    return noClasses()
        .should()
        .accessTargetWhere(
            describe(
                "creates, compares or formats a Date or Calendar",
                (JavaAccess<?> access) -> {
                  JavaClass owner = access.getTargetOwner();
                  return (owner.isAssignableTo(Date.class)
                          && !DATE_CONVERSIONS.contains(access.getName()))
                      || owner.isAssignableTo(java.util.Calendar.class)
                      || owner.isAssignableTo(java.text.DateFormat.class);
                }));
  }

  private ArchRule noHiddenInputs() {
    return noClasses()
        .that(
            describe(
                "are not Main",
                (JavaClass type) -> !outermost(type).getName().equals(root + ".Main")))
        .should()
        .accessTargetWhere(
            describe(
                "reads time, randomness or the environment",
                (JavaAccess<?> access) -> isHiddenInput(access)))
        .allowEmptyShould(true);
  }

  private static boolean isHiddenInput(JavaAccess<?> access) {
    String owner = access.getTargetOwner().getName();
    boolean clockless =
        owner.startsWith("java.time.")
            && access.getName().equals("now")
            && access.getTarget() instanceof AccessTarget.CodeUnitAccessTarget method
            && method.getRawParameterTypes().stream()
                .noneMatch(type -> type.isEquivalentTo(java.time.Clock.class));
    boolean unseeded =
        owner.equals("java.util.Random")
            && access.getTarget() instanceof AccessTarget.ConstructorCallTarget constructor
            && constructor.getRawParameterTypes().isEmpty();
    return clockless
        || unseeded
        || HIDDEN_INPUTS.getOrDefault(owner, Set.of()).contains(access.getName());
  }

  private static ArchRule noStaticState() {
    return fields()
        .that()
        .areStatic()
        .and(
            describe(
                "are written in the source",
                (JavaField field) -> !field.getModifiers().contains(JavaModifier.SYNTHETIC)))
        .should()
        .beFinal()
        .allowEmptyShould(true);
  }

  private static ArchRule noThreadLocals() {
    return noClasses()
        .should()
        .dependOnClassesThat(
            describe(
                "are thread-locals", (JavaClass type) -> type.isAssignableTo(ThreadLocal.class)));
  }

  private static ArchRule names() {
    return noClasses().should().haveNameMatching(".*(Util|Utils|Manager|Impl|Helper)(\\$.*)?");
  }

  private int layer(JavaClass type) {
    String name = topPackage(type);
    if (name.isEmpty()) {
      return TOP;
    }
    return isRoutesLayer(type) ? ROUTES : LAYERS.getOrDefault(name, FEATURES);
  }

  /** The package below the root, up to the last name that has a layer; empty for the root. */
  private String topPackage(JavaClass type) {
    if (type.getPackageName().equals(root)) {
      return "";
    }
    String name = type.getPackageName().substring(root.length() + 1);
    return LAYERS.containsKey(name) ? name : name.split("\\.", 2)[0];
  }

  private boolean isOurs(JavaClass type) {
    return type.getPackageName().equals(root) || type.getPackageName().startsWith(root + ".");
  }

  private static boolean isFeature(String name) {
    return !name.isEmpty() && !LAYERS.containsKey(name);
  }

  /** The classes of a feature that parse requests and render responses. */
  private boolean isRoutesLayer(JavaClass type) {
    String name = outermost(type).getSimpleName();
    return isFeature(topPackage(type))
        && (isRoutes(type)
            || isModule(type)
            || name.endsWith("Form")
            || name.equals("VoiceSocket"));
  }

  private static boolean isRoutes(JavaClass type) {
    return outermost(type).getSimpleName().endsWith("Routes");
  }

  private boolean isModule(JavaClass type) {
    return isFeature(topPackage(type)) && outermost(type).getSimpleName().endsWith("Module");
  }

  /** The top-level class that a nested class, a lambda or an array's element is declared in. */
  private static JavaClass outermost(JavaClass type) {
    JavaClass element = type.getBaseComponentType();
    return element.getEnclosingClass().map(ArchitectureRules::outermost).orElse(element);
  }

  private DescribedPredicate<JavaClass> below(String name) {
    return resideInAPackage(root + "." + name + "..");
  }
}
