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
 * The layers and other rules of the code, for a tree of packages.
 *
 * @param root the root package
 */
record ArchitectureRules(String root) {
  private static final Map<String, Integer> LAYERS =
      Map.of("base", 0, "sql", 0, "events", 1, "jobs", 1, "provider", 3, "http", 4, "module", 4);

  /** Ports of http that features implement, and therefore below features and without Helidon. */
  private static final Set<String> HTTP_PORTS = Set.of("Authenticator", "Principal");

  private static final int PORTS = 1;
  private static final int FEATURES = 2;
  private static final int EDGE = 4;
  private static final int TOP = 5;

  /** Calls that read the time, randomness or the environment, by class and method. */
  private static final Map<String, Set<String>> HIDDEN_INPUTS =
      Map.of(
          "java.lang.System", Set.of("currentTimeMillis", "getenv"),
          "java.lang.Math", Set.of("random"),
          "java.util.UUID", Set.of("randomUUID"),
          "java.time.Clock", Set.of("systemUTC", "systemDefaultZone", "system", "tickMillis"));

  /** Libraries return dates, which may be converted and nothing else. */
  private static final Set<String> DATE_CONVERSIONS = Set.of("toInstant", "from");

  Map<String, ArchRule> rules() {
    return Map.ofEntries(
        Map.entry("no import from a layer above", noUpwardImports()),
        Map.entry("packages form no cycle", noCycles()),
        Map.entry("only the root package imports App, Main and their parts", rootIsTheTop()),
        Map.entry("routes and modules are used within their feature alone", ownEdgeOnly()),
        Map.entry("only the root package imports providers", providersFromRootOnly()),
        Map.entry("http imports no feature", httpImportsNoFeature()),
        Map.entry("Helidon is used in the layer of http alone", helidonAtTheEdge()),
        Map.entry("the database is accessed through sql alone", databaseThroughSql()),
        Map.entry("providers do not import sql", providersWithoutSql()),
        Map.entry("no dates and calendars", noDates()),
        Map.entry("time, randomness and environment are passed in", noHiddenInputs()),
        Map.entry("no mutable static state", noStaticState()),
        Map.entry("no thread-locals", noThreadLocals()),
        Map.entry("no Util, Manager, Impl or Helper", names()));
  }

  private ArchRule noUpwardImports() {
    return classes()
        .should(
            new ArchCondition<>("depend only on their layer and those below") {
              @Override
              public void check(JavaClass origin, ConditionEvents events) {
                for (Dependency dependency : origin.getDirectDependenciesFromSelf()) {
                  JavaClass target = dependency.getTargetClass();
                  if (ours(target) && layer(target) > layer(origin)) {
                    events.add(
                        SimpleConditionEvent.violated(dependency, dependency.getDescription()));
                  }
                }
              }
            });
  }

  /** Routes and modules are in a layer above their feature, so their imports form no cycle. */
  private ArchRule noCycles() {
    return slices()
        .assignedFrom(
            new SliceAssignment() {
              @Override
              public SliceIdentifier getIdentifierOf(JavaClass type) {
                return !ours(type)
                        || topPackage(type).isEmpty()
                        || layer(type) > EDGE
                        || isEdge(type)
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

  private ArchRule rootIsTheTop() {
    return noClasses()
        .that(describe("are outside the root package", (JavaClass type) -> layer(type) < TOP))
        .should()
        .dependOnClassesThat(describe("are in the root package", (JavaClass type) -> inRoot(type)))
        .allowEmptyShould(true);
  }

  private ArchRule ownEdgeOnly() {
    return classes()
        .that(describe("are outside the root package", (JavaClass type) -> layer(type) < TOP))
        .should(
            new ArchCondition<>("not depend on another package's routes or module") {
              @Override
              public void check(JavaClass origin, ConditionEvents events) {
                for (Dependency dependency : origin.getDirectDependenciesFromSelf()) {
                  JavaClass target = dependency.getTargetClass();
                  if (ours(target)
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
                (JavaClass type) ->
                    ours(type)
                        && !topPackage(type).isEmpty()
                        && !LAYERS.containsKey(topPackage(type))))
        .allowEmptyShould(true);
  }

  private ArchRule helidonAtTheEdge() {
    return noClasses()
        .that(describe("are in a layer below http", (JavaClass type) -> layer(type) < EDGE))
        .should()
        .dependOnClassesThat(resideInAPackage("io.helidon.."))
        .allowEmptyShould(true);
  }

  private ArchRule databaseThroughSql() {
    return noClasses()
        .that(
            describe(
                "are neither in sql, jobs nor the root package",
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
                "create, compare or format a Date or Calendar",
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
                "read the time, randomness or the environment",
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
                "are declared in the source",
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
    if (name.equals("http") && HTTP_PORTS.contains(outermost(type).getSimpleName())) {
      return PORTS;
    }
    return isEdge(type) ? EDGE : LAYERS.getOrDefault(name, FEATURES);
  }

  private boolean inRoot(JavaClass type) {
    return type.getPackageName().equals(root);
  }

  /** The package directly below the root; empty for the root itself. */
  private String topPackage(JavaClass type) {
    String name = type.getPackageName();
    return name.equals(root) ? "" : name.substring(root.length() + 1).split("\\.", 2)[0];
  }

  private boolean ours(JavaClass type) {
    return inRoot(type) || type.getPackageName().startsWith(root + ".");
  }

  /** The classes of a feature that may use http. */
  private static boolean isEdge(JavaClass type) {
    return isRoutes(type)
        || isModule(type)
        || isForm(type)
        || outermost(type).getSimpleName().equals("VoiceSocket");
  }

  private static boolean isRoutes(JavaClass type) {
    return outermost(type).getSimpleName().endsWith("Routes");
  }

  private static boolean isModule(JavaClass type) {
    return outermost(type).getSimpleName().endsWith("Module")
        && !outermost(type).getSimpleName().equals("FeatureModule");
  }

  /** Reads a JSON object for several routes. */
  private static boolean isForm(JavaClass type) {
    return outermost(type).getSimpleName().endsWith("Form");
  }

  /** The top-level class of a nested class. */
  private static JavaClass outermost(JavaClass type) {
    return type.getEnclosingClass().map(ArchitectureRules::outermost).orElse(type);
  }

  private DescribedPredicate<JavaClass> below(String name) {
    return resideInAPackage(root + "." + name + "..");
  }
}
