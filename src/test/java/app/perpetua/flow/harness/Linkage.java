package app.perpetua.flow.harness;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.classfile.constantpool.FieldRefEntry;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.lang.classfile.constantpool.PoolEntry;
import java.lang.reflect.AccessFlag;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Whether classes that were compiled against other versions of each other link as they stand: what
 * they refer to exists (JVMS 5.4.3), and what a supertype leaves abstract is implemented. Finds
 * without running a line what would be a {@code NoSuchMethodError} in production. Confined to one
 * thread.
 */
final class Linkage {
  private final Function<String, Optional<byte[]>> find;
  private final Predicate<String> judged;
  private final Map<String, Optional<ClassModel>> classes = new HashMap<>();

  /**
   * @param find the class file of an internal name such as {@code java/lang/Object}
   * @param judged which classes must be there, with the members that are asked of them
   */
  Linkage(Function<String, Optional<byte[]>> find, Predicate<String> judged) {
    this.find = find;
    this.judged = judged;
  }

  /** What does not link in these classes, given by internal name; empty if everything does. */
  Set<String> faults(Collection<String> names) {
    Set<String> faults = new TreeSet<>();
    for (String name : names) {
      ClassModel model = model(name).orElseThrow(() -> new IllegalArgumentException(name));
      for (PoolEntry entry : model.constantPool()) {
        switch (entry) {
          case ClassEntry type when isMissing(type.asInternalName()) ->
              faults.add(name + " needs class " + type.asInternalName());
          case MemberRefEntry member when isMissing(member) ->
              faults.add(name + " needs " + shown(member));
          default -> {}
        }
      }
      if (!model.flags().has(AccessFlag.ABSTRACT) && !model.flags().has(AccessFlag.INTERFACE)) {
        unimplemented(name).forEach(method -> faults.add(name + " leaves abstract " + method));
      }
    }
    return faults;
  }

  private boolean isMissing(String name) {
    String element = name.replaceFirst("^\\[+L(.*);$", "$1");
    return judged.test(element) && model(element).isEmpty();
  }

  private boolean isMissing(MemberRefEntry member) {
    String owner = member.owner().asInternalName();
    if (!judged.test(owner) || model(owner).isEmpty()) {
      return false;
    }
    Set<String> line = lineage(owner);
    // A supertype that is not on the class path may have the member: an optional dependency.
    return line.stream().allMatch(type -> model(type).isPresent())
        && line.stream()
            .noneMatch(
                type -> has(type, member instanceof FieldRefEntry, signature(member), _ -> true));
  }

  private List<String> unimplemented(String name) {
    Set<String> line = lineage(name);
    List<String> abstractOnes = new ArrayList<>();
    for (String type : line) {
      if (judged.test(type)) {
        model(type).stream()
            .flatMap(model -> model.methods().stream())
            .filter(method -> method.flags().has(AccessFlag.ABSTRACT))
            .map(method -> method.methodName().stringValue() + method.methodType().stringValue())
            .filter(
                signature ->
                    line.stream()
                        .noneMatch(
                            other ->
                                model(other).isEmpty()
                                    || has(
                                        other,
                                        false,
                                        signature,
                                        flags -> !flags.contains(AccessFlag.ABSTRACT))))
            .forEach(signature -> abstractOnes.add(type + "." + signature));
      }
    }
    return abstractOnes;
  }

  private boolean has(
      String type, boolean field, String signature, Predicate<Set<AccessFlag>> flags) {
    Stream<Set<AccessFlag>> found =
        field
            ? model(type).stream()
                .flatMap(model -> model.fields().stream())
                .filter(
                    one ->
                        signature.equals(
                            one.fieldName().stringValue() + one.fieldType().stringValue()))
                .map(one -> one.flags().flags())
            : model(type).stream()
                .flatMap(model -> model.methods().stream())
                .filter(
                    one ->
                        signature.equals(
                            one.methodName().stringValue() + one.methodType().stringValue()))
                .map(one -> one.flags().flags());
    return found.anyMatch(flags);
  }

  /**
   * The type itself, its superclasses and all their interfaces; interfaces have Object's members.
   */
  private Set<String> lineage(String name) {
    Set<String> line = new LinkedHashSet<>();
    climb(name, line);
    line.add("java/lang/Object");
    return line;
  }

  private void climb(String name, Set<String> line) {
    if (line.add(name)) {
      model(name)
          .ifPresent(
              model -> {
                model.superclass().ifPresent(type -> climb(type.asInternalName(), line));
                model.interfaces().forEach(type -> climb(type.asInternalName(), line));
              });
    }
  }

  private Optional<ClassModel> model(String name) {
    return classes.computeIfAbsent(name, _ -> find.apply(name).map(ClassFile.of()::parse));
  }

  private static String signature(MemberRefEntry member) {
    return member.name().stringValue() + member.type().stringValue();
  }

  private static String shown(MemberRefEntry member) {
    return member.owner().asInternalName() + "." + signature(member);
  }
}
