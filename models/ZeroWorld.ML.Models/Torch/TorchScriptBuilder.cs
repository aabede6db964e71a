using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

namespace ZeroWorld.ML.Models.Torch;

/// <summary>Writes a network as a TorchScript archive, the file that <c>torch.jit.save</c> writes: libtorch loads it, from Python, C++ and here, without the code that trained it.</summary>
/// <remarks>
/// The archive holds the tensors, a pickled object that names them, and <c>forward</c> as text in the dialect that libtorch serialises: <c>torch.relu(torch.linear(x, self.w, self.b))</c>. Only operators in
/// the namespace <c>torch</c> and tensors of FP32 are written. Not thread safe.
/// (pytorch.org, torch/csrc/jit/docs/serialization.md)
/// </remarks>
public sealed class TorchScriptBuilder
{
    private readonly List<(string Name, float[] Values, long[] Shape)> _tensors = [];
    private readonly List<string> _inputs = [];
    private readonly StringBuilder _body = new();
    private int _variables;

    /// <summary>Adds an argument of <c>forward</c>, after those before it.</summary>
    /// <returns>Its name, for <see cref="Node"/>.</returns>
    /// <exception cref="ArgumentException">It is no identifier, or there is one of this name.</exception>
    public string AddInput(string name)
    {
        Check(name, _inputs.Contains(name));
        _inputs.Add(name);
        return name;
    }

    /// <summary>Adds a tensor of the network.</summary>
    /// <param name="values">Row-major; as many as the shape says; not copied.</param>
    /// <returns>What it is called in <see cref="Node"/>: <c>self.NAME</c>.</returns>
    /// <exception cref="ArgumentException">The name is no identifier, or there is one of it; or the values are not as many as the shape says.</exception>
    public string AddTensor(string name, float[] values, params long[] shape)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(shape);
        Check(name, _tensors.Exists(tensor => tensor.Name == name));
        if (shape.Aggregate(1L, static (product, size) => product * size) != values.Length)
        {
            throw new ArgumentException($"{values.Length} values are no tensor of shape [{string.Join(", ", shape)}].", nameof(values));
        }

        _tensors.Add((name, values, shape));
        return $"self.{name}";
    }

    /// <summary>Adds a step: <c>torch.OPERATOR(ARGUMENTS)</c>.</summary>
    /// <param name="arguments">Names of values, or literals as <see cref="Literal(double)"/> and <see cref="Literal(ReadOnlySpan{long})"/> write them.</param>
    /// <returns>The name of its value.</returns>
    public string Node(string operatorName, params ReadOnlySpan<string> arguments)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"_{_variables++}");
        _body.Append(CultureInfo.InvariantCulture, $"    {name} = torch.{operatorName}({string.Join(", ", arguments!)})\n");
        return name;
    }

    /// <summary>Adds a step that gives two values.</summary>
    /// <inheritdoc cref="Node"/>
    /// <returns>Their names.</returns>
    public (string First, string Second) Pair(string operatorName, params ReadOnlySpan<string> arguments)
    {
        var (first, second) = (string.Create(CultureInfo.InvariantCulture, $"_{_variables++}"), string.Create(CultureInfo.InvariantCulture, $"_{_variables++}"));
        _body.Append(CultureInfo.InvariantCulture, $"    {first}, {second} = torch.{operatorName}({string.Join(", ", arguments!)})\n");
        return (first, second);
    }

    /// <summary>A number with a fraction, as the dialect has it.</summary>
    public static string Literal(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        return text.AsSpan().IndexOfAny(".eE") < 0 ? text + "." : text;
    }

    /// <summary>A list of whole numbers.</summary>
    public static string Literal(params ReadOnlySpan<long> values) => $"[{string.Join(", ", values.ToArray())}]";

    /// <summary>Writes the archive.</summary>
    /// <param name="path">Replaced where it exists.</param>
    /// <param name="results">Values that <c>forward</c> gives: one tensor, or a tuple of several.</param>
    public void Write(string path, params ReadOnlySpan<string> results)
    {
        ArgumentOutOfRangeException.ThrowIfZero(results.Length);
        File.Delete(path);
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        Add(archive, "model/data.pkl", Pickle());
        Add(archive, "model/code/__torch__.py", Encoding.UTF8.GetBytes(Code(results)));
        for (var index = 0; index < _tensors.Count; index++)
        {
            Add(archive, string.Create(CultureInfo.InvariantCulture, $"model/data/{index}"), MemoryMarshal.AsBytes<float>(_tensors[index].Values));
        }

        Add(archive, "model/constants.pkl", [0x80, 2, (byte)')', (byte)'.']);
        Add(archive, "model/version", "3\n"u8);
    }

    /// <summary>Stored, not packed: libtorch maps tensors as they lie in the file.</summary>
    private static void Add(ZipArchive archive, string name, ReadOnlySpan<byte> content)
    {
        using var entry = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
        entry.Write(content);
    }

    private static void Check(string name, bool isKnown)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (isKnown || !char.IsAsciiLetter(name[0]) || !name.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter == '_'))
        {
            throw new ArgumentException($"'{name}' {(isKnown ? "is there already" : "is no identifier of letters, digits and '_' that begins with a letter")}.", nameof(name));
        }
    }

    private string Code(ReadOnlySpan<string> results)
    {
        var isOne = results.Length == 1;
        var code = new StringBuilder("class Net(Module):\n");
        code.Append(CultureInfo.InvariantCulture, $"  __parameters__ = [{string.Concat(_tensors.Select(static tensor => $"\"{tensor.Name}\", "))}]\n  __buffers__ = []\n");
        foreach (var (name, _, _) in _tensors)
        {
            code.Append(CultureInfo.InvariantCulture, $"  {name} : Tensor\n");
        }

        var type = isOne ? "Tensor" : $"Tuple[{string.Join(", ", Enumerable.Repeat("Tensor", results.Length))}]";
        code.Append("  training : bool\n");
        code.Append(CultureInfo.InvariantCulture, $"  def forward(self: __torch__.Net{string.Concat(_inputs.Select(static input => $", {input}: Tensor"))}) -> {type}:\n").Append(_body);
        return code.Append(CultureInfo.InvariantCulture, $"    return {(isOne ? results[0] : $"({string.Join(", ", results!)})")}\n").ToString();
    }

    /// <summary>The object of the class, with its tensors by name. Protocol 2 of Python's pickle.</summary>
    private byte[] Pickle()
    {
        var pickle = new PickleWriter().Global("__torch__", "Net").EmptyTuple().New().Begin();
        for (var index = 0; index < _tensors.Count; index++)
        {
            var (name, values, shape) = _tensors[index];
            pickle.Text(name).Tensor(index, values.Length, shape);
        }

        return pickle.Text("training").False().End();
    }
}
