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
 * The house's rules for a tree of packages. A package that does not exist yet breaks none of them.
 *
 * @param root the package that everything is below
 */
record ArchitectureRules(String root) {
  private static final Map<String, Integer> FLOORS =
      Map.of("base", 0, "sql", 0, "events", 1, "jobs", 1, "provider", 3, "http", 4);

  /** What features implement for http; below them, and therefore without Helidon. */
  private static final Set<String> HTTP_PORTS = Set.of("Authenticator", "Principal");

  private static final int PORTS = 1;
  private static final int FEATURES = 2;
  private static final int EDGE = 4;
  private static final int TOP = 5;

  /** Calls that take time, randomness or surroundings from nowhere, by class and method. */
  private static final Map<String, Set<String>> HIDDEN_INPUTS =
      Map.of(
          "java.lang.System", Set.of("currentTimeMillis", "getenv"),
          "java.lang.Math", Set.of("random"),
          "java.util.UUID", Set.of("randomUUID"),
          "java.time.Clock", Set.of("systemUTC", "systemDefaultZone", "system", "tickMillis"));

  /** Libraries hand dates out; nothing of ours makes or compares them. */
  private static final Set<String> DATE_AT_A_BORDER = Set.of("toInstant", "from");

  Map<String, ArchRule> rules() {
    return Map.ofEntries(
        Map.entry("nobody imports from a floor above", noneAbove()),
        Map.entry("features and floors form no circle", noCircles()),
        Map.entry("routes know no other feature's routes", ownRoutesOnly()),
        Map.entry("http imports no feature", httpImportsNoFeature()),
        Map.entry("Helidon stays at the edge", helidonAtTheEdge()),
        Map.entry("the database is reached through sql alone", databaseThroughSql()),
        Map.entry("providers know no sql", providersKnowNoSql()),
        Map.entry("no dates and calendars", noDates()),
        Map.entry("time, randomness and surroundings are passed in", noHiddenInputs()),
        Map.entry("no static state", noStaticState()),
        Map.entry("no thread-locals", noThreadLocals()),
        Map.entry("names say what a thing is", names()));
  }

  private ArchRule noneAbove() {
    return classes()
        .should(
            new ArchCondition<>("depend only on their floor and those below") {
              @Override
              public void check(JavaClass origin, ConditionEvents events) {
                for (Dependency dependency : origin.getDirectDependenciesFromSelf()) {
                  JavaClass target = dependency.getTargetClass();
                  if (ours(target) && floor(target) > floor(origin)) {
                    events.add(
                        SimpleConditionEvent.violated(dependency, dependency.getDescription()));
                  }
                }
              }
            });
  }

  /** Routes stand a floor above their feature, so they would close circles that are none. */
  private ArchRule noCircles() {
    return slices()
        .assignedFrom(
            new SliceAssignment() {
              @Override
              public SliceIdentifier getIdentifierOf(JavaClass type) {
                return !ours(type) || room(type).isEmpty() || floor(type) > EDGE || isEdge(type)
                    ? SliceIdentifier.ignore()
                    : SliceIdentifier.of(room(type));
              }

              @Override
              public String getDescription() {
                return "features and floors";
              }
            })
        .should()
        .beFreeOfCycles()
        .allowEmptyShould(true);
  }

  private ArchRule ownRoutesOnly() {
    return classes()
        .that(describe("are below the top", (JavaClass type) -> floor(type) < TOP))
        .should(
            new ArchCondition<>("not depend on another package's routes") {
              @Override
              public void check(JavaClass origin, ConditionEvents events) {
                for (Dependency dependency : origin.getDirectDependenciesFromSelf()) {
                  JavaClass target = dependency.getTargetClass();
                  if (ours(target) && isRoutes(target) && !room(target).equals(room(origin))) {
                    events.add(
                        SimpleConditionEvent.violated(dependency, dependency.getDescription()));
                  }
                }
              }
            })
        .allowEmptyShould(true);
  }

  private ArchRule httpImportsNoFeature() {
    return noClasses()
        .that(below("http"))
        .and(describe("are not the table of routes", (JavaClass type) -> floor(type) < TOP))
        .should()
        .dependOnClassesThat(
            describe(
                "belong to a feature",
                (JavaClass type) ->
                    ours(type) && !room(type).isEmpty() && !FLOORS.containsKey(room(type))))
        .allowEmptyShould(true);
  }

  private ArchRule helidonAtTheEdge() {
    return noClasses()
        .that(describe("are below the edge", (JavaClass type) -> floor(type) < EDGE))
        .should()
        .dependOnClassesThat(resideInAPackage("io.helidon.."))
        .allowEmptyShould(true);
  }

  private ArchRule databaseThroughSql() {
    return noClasses()
        .that(
            describe(
                "are neither sql, jobs nor the top",
                (JavaClass type) ->
                    floor(type) < TOP && !Set.of("sql", "jobs").contains(room(type))))
        .should()
        .dependOnClassesThat(
            resideInAnyPackage(
                "java.sql..", "javax.sql..", "org.postgresql..", "com.zaxxer..", "org.flywaydb.."))
        .allowEmptyShould(true);
  }

  private ArchRule providersKnowNoSql() {
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
                "makes, compares or formats a Date or Calendar",
                (JavaAccess<?> access) -> {
                  JavaClass owner = access.getTargetOwner();
                  return (owner.isAssignableTo(Date.class)
                          && !DATE_AT_A_BORDER.contains(access.getName()))
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
                "takes time, randomness or surroundings from nowhere",
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

  private int floor(JavaClass type) {
    JavaClass outermost = outermost(type);
    String room = room(type);
    if (room.isEmpty() || (room.equals("http") && outermost.getSimpleName().equals("Routes"))) {
      return TOP;
    }
    if (room.equals("http") && HTTP_PORTS.contains(outermost.getSimpleName())) {
      return PORTS;
    }
    return isEdge(type) ? EDGE : FLOORS.getOrDefault(room, FEATURES);
  }

  /** The package right below the root; empty for the root itself. */
  private String room(JavaClass type) {
    String name = type.getPackageName();
    return name.equals(root) ? "" : name.substring(root.length() + 1).split("\\.", 2)[0];
  }

  private boolean ours(JavaClass type) {
    return type.getPackageName().equals(root) || type.getPackageName().startsWith(root + ".");
  }

  /** Of a feature, what speaks to clients. */
  private static boolean isEdge(JavaClass type) {
    return isRoutes(type) || isForm(type) || outermost(type).getSimpleName().equals("VoiceSocket");
  }

  private static boolean isRoutes(JavaClass type) {
    return outermost(type).getSimpleName().endsWith("Routes");
  }

  /** What reads a JSON object of the outside for several routes stands where they do. */
  private static boolean isForm(JavaClass type) {
    return outermost(type).getSimpleName().endsWith("Form");
  }

  /** What a nested class, record or lambda's file is called after. */
  private static JavaClass outermost(JavaClass type) {
    return type.getEnclosingClass().map(ArchitectureRules::outermost).orElse(type);
  }

  private DescribedPredicate<JavaClass> below(String room) {
    return resideInAPackage(root + "." + room + "..");
  }
}
