package io.github.fornada.advice.sense;

import java.lang.classfile.Attributes;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.classfile.instruction.ArrayLoadInstruction;
import java.lang.classfile.instruction.ArrayStoreInstruction;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.ConvertInstruction;
import java.lang.classfile.instruction.ExceptionCatch;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.LookupSwitchInstruction;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.classfile.instruction.NewMultiArrayInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.classfile.instruction.NewPrimitiveArrayInstruction;
import java.lang.classfile.instruction.NewReferenceArrayInstruction;
import java.lang.classfile.instruction.OperatorInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.StackInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.classfile.instruction.TableSwitchInstruction;
import java.lang.classfile.instruction.ThrowInstruction;
import java.lang.classfile.instruction.TypeCheckInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Goes once through the code of a method and follows where values come from, by a model of the
 * operand stack. Where paths join, it takes the values of the first. It is a help for finding
 * mistakes, not a verifier.
 */
final class CodeScan {
  /** How many instructions after the begin of a handler its release of a monitor is looked for. */
  private static final int NEAR = 6;

  /**
   * A value on the stack.
   *
   * @param isWide whether it is a long or a double
   * @param origin what it is; null for nothing of interest
   */
  record Value(boolean isWide, @Nullable Origin origin) {
    static final Value NARROW = new Value(false, null);
    static final Value WIDE = new Value(true, null);
  }

  /** Where a value comes from. */
  sealed interface Origin {}

  /**
   * An object that other threads have as well.
   *
   * @param name what the reader knows it as, such as {@code com.acme.Parser.format}
   * @param how how threads come to share it, such as {@code a static field}
   * @param type its class, as an internal name, as far as it is known
   * @param object the object itself; null if unknown
   */
  record Shared(String name, String how, String type, @Nullable Same object) implements Origin {}

  /** An object of the user, of which no method may be called. It is equal to itself only. */
  static final class Same {
    final Object object;

    Same(Object object) {
      this.object = object;
    }

    @Override
    @SuppressWarnings("ReferenceEquality")
    public boolean equals(@Nullable Object other) {
      return other instanceof Same same && same.object == object;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(object);
    }
  }

  /** An object made here, or returned by a static method of the JDK. */
  record Made(String type) implements Origin {}

  /** A part of a shared object: an element of an array, or what was computed from one. */
  record Part(Shared of) implements Origin {}

  /** What is told of the code; {@code guarded} says that a lock is held. */
  interface Visitor {
    /** A static field is read; returns what is known of the value. */
    @Nullable Origin readStatic(String owner, String name, String descriptor);

    void writeStatic(
        String owner, String name, String descriptor, @Nullable Origin value, boolean guarded);

    /** A field of a shared object is read; returns what is known of the value. */
    @Nullable Origin readField(Shared of, String name, String descriptor);

    void writeField(Shared of, String name, String descriptor, boolean guarded);

    /** An element of a shared array is computed from what was there. */
    void updateElement(Shared of, boolean guarded);

    void create(String type);

    /**
     * A method is called.
     *
     * @param arguments the receiver first, if there is one
     * @return what is known of the result
     */
    @Nullable Origin call(
        Opcode opcode,
        String owner,
        String name,
        String descriptor,
        List<@Nullable Origin> arguments,
        boolean guarded);

    /** A lambda or method reference is made. */
    void lambda(InvokeDynamicInstruction made, List<@Nullable Origin> captured, boolean guarded);
  }

  private final Visitor visitor;
  private final Map<Integer, Value> locals = new HashMap<>();
  private final Map<Label, List<Value>> atLabels = new HashMap<>();
  private final Map<Label, Integer> positions = new HashMap<>();
  private ArrayDeque<Value> stack = new ArrayDeque<>();

  /** Whether the code at this place is reached by a jump only. */
  private boolean isCutOff;

  private boolean holdsLock;

  private CodeScan(Visitor visitor) {
    this.visitor = visitor;
  }

  /**
   * Goes through a method.
   *
   * @param arguments what is known of its arguments, the receiver first, if there is one; may be
   *     shorter
   * @param guarded whether it is called with a lock held
   */
  static void scan(
      MethodModel method,
      List<? extends @Nullable Origin> arguments,
      boolean guarded,
      Visitor visitor) {
    CodeAttribute code = method.findAttribute(Attributes.code()).orElse(null);
    if (code != null) {
      new CodeScan(visitor).go(method, code, arguments, guarded);
    }
  }

  private void go(
      MethodModel method,
      CodeAttribute code,
      List<? extends @Nullable Origin> arguments,
      boolean guarded) {
    boolean locked = guarded || method.flags().has(AccessFlag.SYNCHRONIZED);
    placeArguments(method, arguments);
    List<CodeElement> elements = code.elementList();
    for (int k = 0; k < elements.size(); k++) {
      if (elements.get(k) instanceof LabelTarget target) {
        positions.put(target.label(), k);
      }
    }
    List<int[]> underMonitor = underMonitor(code.exceptionHandlers(), elements);
    for (ExceptionCatch handler : code.exceptionHandlers()) {
      atLabels.putIfAbsent(handler.handler(), List.of(Value.NARROW));
    }
    for (int k = 0; k < elements.size(); k++) {
      CodeElement element = elements.get(k);
      if (element instanceof LabelTarget target) {
        arrive(target.label());
      } else if (element instanceof Instruction instruction) {
        boolean held = locked || holdsLock || isWithin(underMonitor, k);
        step(instruction, held);
      }
    }
  }

  private void placeArguments(MethodModel method, List<? extends @Nullable Origin> arguments) {
    List<ClassDesc> types = new ArrayList<>();
    if (!method.flags().has(AccessFlag.STATIC)) {
      types.add(ClassDesc.of("java.lang.Object"));
    }
    types.addAll(method.methodTypeSymbol().parameterList());
    int slot = 0;
    for (int k = 0; k < types.size(); k++) {
      boolean wide = isWide(types.get(k));
      Origin origin = k < arguments.size() ? arguments.get(k) : null;
      locals.put(slot, new Value(wide, origin));
      slot += wide ? 2 : 1;
    }
  }

  /** The stretches of code with a handler that releases a monitor: synchronized blocks. */
  private List<int[]> underMonitor(List<ExceptionCatch> handlers, List<CodeElement> elements) {
    List<int[]> stretches = new ArrayList<>();
    for (ExceptionCatch handler : handlers) {
      Integer at = positions.get(handler.handler());
      Integer from = positions.get(handler.tryStart());
      Integer to = positions.get(handler.tryEnd());
      if (handler.catchType().isPresent() || at == null || from == null || to == null) {
        continue;
      }
      int seen = 0;
      for (int k = at; k < elements.size() && seen < NEAR; k++) {
        if (elements.get(k) instanceof MonitorInstruction monitor
            && monitor.opcode() == Opcode.MONITOREXIT) {
          stretches.add(new int[] {from, to});
          break;
        }
        seen += elements.get(k) instanceof Instruction ? 1 : 0;
      }
    }
    return stretches;
  }

  private static boolean isWithin(List<int[]> stretches, int position) {
    for (int[] stretch : stretches) {
      if (position >= stretch[0] && position < stretch[1]) {
        return true;
      }
    }
    return false;
  }

  private void arrive(Label label) {
    List<Value> saved = atLabels.get(label);
    if (isCutOff) {
      stack = saved == null ? new ArrayDeque<>() : new ArrayDeque<>(saved);
      isCutOff = false;
    }
  }

  private void save(Label label) {
    atLabels.putIfAbsent(label, List.copyOf(stack));
  }

  private void push(Value value) {
    stack.push(value);
  }

  private void push(boolean wide) {
    push(wide ? Value.WIDE : Value.NARROW);
  }

  private void push(@Nullable Origin origin) {
    push(origin == null ? Value.NARROW : new Value(false, origin));
  }

  private Value pop() {
    Value value = stack.poll();
    return value == null ? Value.NARROW : value;
  }

  private void pop(int count) {
    for (int k = 0; k < count; k++) {
      var _ = pop();
    }
  }

  private static boolean isWide(TypeKind kind) {
    return kind.slotSize() == 2;
  }

  private static boolean isWide(ClassDesc type) {
    return type.descriptorString().equals("J") || type.descriptorString().equals("D");
  }

  private void step(Instruction instruction, boolean held) {
    switch (instruction) {
      case LoadInstruction load -> {
        Value known = locals.get(load.slot());
        boolean wide = isWide(load.typeKind());
        push(known != null && known.isWide == wide ? known : new Value(wide, null));
      }
      case StoreInstruction store -> locals.put(store.slot(), pop());
      case FieldInstruction field -> field(field, held);
      case InvokeInstruction call -> call(call, held);
      case InvokeDynamicInstruction made -> {
        visitor.lambda(made, arguments(made.typeSymbol(), false), held);
        push(made.typeSymbol().returnType());
      }
      case NewObjectInstruction made -> {
        String type = made.className().asInternalName();
        visitor.create(type);
        push(new Made(type));
      }
      case NewPrimitiveArrayInstruction made -> {
        pop(1);
        push(false);
      }
      case NewReferenceArrayInstruction made -> {
        pop(1);
        push(false);
      }
      case NewMultiArrayInstruction made -> {
        pop(made.dimensions());
        push(false);
      }
      case ArrayLoadInstruction load -> {
        pop(1);
        Value array = pop();
        Origin part = array.origin instanceof Shared shared ? new Part(shared) : null;
        push(new Value(isWide(load.typeKind()), part));
      }
      case ArrayStoreInstruction store -> {
        Value value = pop();
        pop(1);
        Value array = pop();
        if (array.origin instanceof Shared shared
            && value.origin instanceof Part part
            && part.of.equals(shared)) {
          visitor.updateElement(shared, held);
        }
      }
      case ConstantInstruction constant -> push(isWide(constant.typeKind()));
      case ConvertInstruction convert -> {
        Origin origin = pop().origin;
        push(new Value(isWide(convert.toType()), origin));
      }
      case OperatorInstruction operator -> operator(operator);
      case StackInstruction shuffle -> shuffle(shuffle.opcode());
      case BranchInstruction branch -> branch(branch);
      case LookupSwitchInstruction choice -> choose(choice.cases(), choice.defaultTarget());
      case TableSwitchInstruction choice -> choose(choice.cases(), choice.defaultTarget());
      case ReturnInstruction end -> isCutOff = true;
      case ThrowInstruction end -> isCutOff = true;
      case TypeCheckInstruction check -> {
        if (check.opcode() == Opcode.INSTANCEOF) {
          pop(1);
          push(false);
        }
      }
      case MonitorInstruction monitor -> pop(1);
      default -> {
        // It changes neither the stack nor what is known: iinc, nop.
      }
    }
  }

  private void push(ClassDesc type) {
    if (!type.descriptorString().equals("V")) {
      push(isWide(type));
    }
  }

  private void field(FieldInstruction field, boolean held) {
    String owner = field.owner().asInternalName();
    String name = field.name().stringValue();
    String type = field.type().stringValue();
    boolean wide = type.equals("J") || type.equals("D");
    switch (field.opcode()) {
      case GETSTATIC -> push(new Value(wide, visitor.readStatic(owner, name, type)));
      case PUTSTATIC -> visitor.writeStatic(owner, name, type, pop().origin, held);
      case GETFIELD -> {
        Origin of = pop().origin;
        push(
            new Value(
                wide, of instanceof Shared shared ? visitor.readField(shared, name, type) : null));
      }
      default -> {
        pop(1);
        if (pop().origin instanceof Shared shared) {
          visitor.writeField(shared, name, type, held);
        }
      }
    }
  }

  private void call(InvokeInstruction call, boolean held) {
    MethodTypeDesc type = call.typeSymbol();
    String owner = call.owner().asInternalName();
    String name = call.name().stringValue();
    List<@Nullable Origin> arguments = arguments(type, call.opcode() != Opcode.INVOKESTATIC);
    Origin result =
        visitor.call(call.opcode(), owner, name, call.type().stringValue(), arguments, held);
    if (type.returnType().descriptorString().equals("V")) {
      if (owner.startsWith("java/util/concurrent/") && isAcquire(name)) {
        holdsLock = true; // until the end of the method: its release is in a finally block
      }
      return;
    }
    if (owner.startsWith("java/util/concurrent/locks/") && isAcquire(name)) {
      holdsLock = true;
    }
    push(new Value(isWide(type.returnType()), result));
  }

  private static boolean isAcquire(String name) {
    return name.startsWith("lock")
        || name.startsWith("tryLock")
        || name.equals("writeLock")
        || name.startsWith("acquire");
  }

  /** Pops the arguments of a call; the receiver comes first. */
  private List<@Nullable Origin> arguments(MethodTypeDesc type, boolean hasReceiver) {
    int count = type.parameterCount() + (hasReceiver ? 1 : 0);
    var reversed = new ArrayList<@Nullable Origin>();
    for (int k = 0; k < count; k++) {
      reversed.add(pop().origin);
    }
    return reversed.reversed();
  }

  private void operator(OperatorInstruction operator) {
    Opcode opcode = operator.opcode();
    switch (opcode) {
      case ARRAYLENGTH -> {
        pop(1);
        push(false);
      }
      case INEG, LNEG, FNEG, DNEG -> {
        Value value = pop();
        push(value);
      }
      case LCMP, FCMPL, FCMPG, DCMPL, DCMPG -> {
        pop(2);
        push(false);
      }
      default -> {
        Origin right = pop().origin;
        Origin left = pop().origin;
        Origin part = left instanceof Part ? left : right instanceof Part ? right : null;
        push(new Value(isWide(operator.typeKind()), part));
      }
    }
  }

  private void branch(BranchInstruction branch) {
    switch (branch.opcode()) {
      case GOTO, GOTO_W -> {
        save(branch.target());
        isCutOff = true;
      }
      case IFEQ, IFNE, IFLT, IFGE, IFGT, IFLE, IFNULL, IFNONNULL -> {
        pop(1);
        save(branch.target());
      }
      default -> {
        pop(2);
        save(branch.target());
      }
    }
  }

  private void choose(List<SwitchCase> cases, Label otherwise) {
    pop(1);
    cases.forEach(one -> save(one.target()));
    save(otherwise);
    isCutOff = true;
  }

  private void shuffle(Opcode opcode) {
    switch (opcode) {
      case POP -> pop(1);
      case POP2 -> {
        if (!pop().isWide) {
          pop(1);
        }
      }
      case SWAP -> {
        Value top = pop();
        Value next = pop();
        push(top);
        push(next);
      }
      case DUP -> copy(1, 0);
      case DUP_X1 -> copy(1, 1);
      case DUP_X2 -> copy(1, 2);
      case DUP2 -> copy(2, 0);
      case DUP2_X1 -> copy(2, 1);
      default -> copy(2, 2);
    }
  }

  /** Copies as many slots from the top of the stack to below as many further slots. */
  private void copy(int slots, int below) {
    List<Value> top = take(slots);
    List<Value> under = take(below);
    top.forEach(this::push);
    under.forEach(this::push);
    top.forEach(this::push);
  }

  /** Pops values of so many slots; the deepest comes first. */
  private List<Value> take(int slots) {
    List<Value> taken = new ArrayList<>();
    int left = slots;
    while (left > 0) {
      Value value = pop();
      taken.add(value);
      left -= value.isWide ? 2 : 1;
    }
    return taken.reversed();
  }
}
