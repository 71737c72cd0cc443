package app.perpetua.flow.harness;

import static java.lang.classfile.ClassFile.ACC_ABSTRACT;
import static java.lang.classfile.ClassFile.ACC_INTERFACE;
import static java.lang.classfile.ClassFile.ACC_PUBLIC;
import static java.lang.classfile.ClassFile.ACC_STATIC;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Helidon's modules come in versions that were not built together (pom.xml): do they still fit? */
class HelidonLinkTest {
  private static final ClassDesc CALLER = ClassDesc.of("io.helidon.test.Caller");
  private static final ClassDesc CALLEE = ClassDesc.of("io.helidon.test.Callee");
  private static final MethodTypeDesc NOTHING = MethodTypeDesc.of(ConstantDescs.CD_void);

  private final Map<String, byte[]> made = new HashMap<>();

  @Test
  void all_helidon_modules_on_the_class_path_link_with_each_other() throws IOException {
    Set<String> names = new TreeSet<>();
    List<File> jars =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
            .map(File::new)
            .filter(file -> file.getName().matches("helidon-.*\\.jar"))
            .toList();
    for (File file : jars) {
      try (JarFile jar = new JarFile(file)) {
        jar.stream()
            .map(entry -> entry.getName().replaceFirst("^META-INF/versions/\\d+/", ""))
            .filter(name -> name.endsWith(".class") && !name.endsWith("module-info.class"))
            .map(name -> name.substring(0, name.length() - ".class".length()))
            .forEach(names::add);
      }
    }
    assertTrue(
        jars.stream().anyMatch(jar -> jar.getName().startsWith("helidon-config-yaml-")),
        "the very module that is of another version: " + jars);
    assertTrue(names.size() > 1000, names.size() + " classes in " + jars);
    assertEquals(Set.of(), linkage(HelidonLinkTest::onClassPath).faults(names));
  }

  @Test
  void a_method_that_is_gone_is_found() {
    make(CALLEE, callee -> {});
    makeCaller("gone");
    assertEquals(
        Set.of("io/helidon/test/Caller needs io/helidon/test/Callee.gone()V"),
        linkage(this::made).faults(Set.of("io/helidon/test/Caller")));
    make(CALLEE, callee -> callee.withMethodBody("gone", NOTHING, ACC_STATIC, c -> c.return_()));
    assertEquals(Set.of(), linkage(this::made).faults(Set.of("io/helidon/test/Caller")));
  }

  @Test
  void a_method_that_is_inherited_is_there() {
    make(
        ClassDesc.of("io.helidon.test.Parent"),
        parent -> parent.withMethodBody("kept", NOTHING, ACC_STATIC, c -> c.return_()));
    make(CALLEE, callee -> callee.withSuperclass(ClassDesc.of("io.helidon.test.Parent")));
    makeCaller("kept");
    assertEquals(Set.of(), linkage(this::made).faults(Set.of("io/helidon/test/Caller")));
  }

  @Test
  void a_class_that_is_gone_is_found() {
    makeCaller("any");
    assertEquals(
        Set.of("io/helidon/test/Caller needs class io/helidon/test/Callee"),
        linkage(this::made).faults(Set.of("io/helidon/test/Caller")));
  }

  @Test
  void a_field_of_another_type_is_found() {
    make(CALLEE, callee -> callee.withField("size", ConstantDescs.CD_long, ACC_STATIC));
    make(
        CALLER,
        caller ->
            caller.withMethodBody(
                "call",
                NOTHING,
                ACC_STATIC,
                code -> code.getstatic(CALLEE, "size", ConstantDescs.CD_int).pop().return_()));
    assertEquals(
        Set.of("io/helidon/test/Caller needs io/helidon/test/Callee.sizeI"),
        linkage(this::made).faults(Set.of("io/helidon/test/Caller")));
  }

  @Test
  void a_method_that_an_interface_has_gained_is_found() {
    make(
        CALLEE,
        callee ->
            callee
                .withFlags(ACC_PUBLIC | ACC_INTERFACE | ACC_ABSTRACT)
                .withMethod("gained", NOTHING, ACC_PUBLIC | ACC_ABSTRACT, _ -> {}));
    make(CALLER, caller -> caller.withInterfaceSymbols(CALLEE));
    assertEquals(
        Set.of("io/helidon/test/Caller leaves abstract io/helidon/test/Callee.gained()V"),
        linkage(this::made).faults(Set.of("io/helidon/test/Caller")));
  }

  private void makeCaller(String method) {
    make(
        CALLER,
        caller ->
            caller.withMethodBody(
                "call",
                NOTHING,
                ACC_STATIC,
                code -> code.invokestatic(CALLEE, method, NOTHING).return_()));
  }

  private void make(ClassDesc type, Consumer<ClassBuilder> content) {
    String name = type.packageName().replace('.', '/') + "/" + type.displayName();
    made.put(name, ClassFile.of().build(type, content));
  }

  private Optional<byte[]> made(String name) {
    return Optional.ofNullable(made.get(name)).or(() -> onClassPath(name));
  }

  private static Linkage linkage(java.util.function.Function<String, Optional<byte[]>> find) {
    return new Linkage(find, name -> name.startsWith("io/helidon/"));
  }

  private static Optional<byte[]> onClassPath(String name) {
    try (InputStream in = ClassLoader.getSystemResourceAsStream(name + ".class")) {
      return in == null ? Optional.empty() : Optional.of(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
