using System.IO.Compression;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Serving.TorchSharp;

namespace ZeroWorld.ML.Contract.Tests;

public sealed class TorchModelRuntimeTests : ModelRuntimeContract
{
    protected override IModelRuntime Runtime { get; } = new TorchModelRuntime();

    protected override string ModelFile => "model.pt";

    protected override void Write(string path, ContractModel model) => WriteScript(
        path,
        string.Join(", ", model.Inputs.Select(static spec => $"{spec.Name}: Tensor")),
        model.Kind switch
        {
            ContractModelKind.Affine => ("Tensor", "torch.add(torch.mul(x, 2), 1)"),
            ContractModelKind.SumAndDifference => ("Tuple[Tensor, Tensor]", "(torch.add(a, b), torch.sub(a, b))"),
            ContractModelKind.Gather => ("Tensor", "torch.index_select(x, 0, index)"),
            _ => ("Tensor", "torch.clone(x)"),
        });

    /// <summary>A TorchScript archive as torch.jit.save writes it, of a module without parameters: code as text, its one object pickled (protocol 2), no constants.</summary>
    private static void WriteScript(string path, string parameters, (string Type, string Expression) result)
    {
        var code = $"""
            class Net(Module):
              __parameters__ = []
              __buffers__ = []
              training : bool
              def forward(self: __torch__.Net, {parameters}) -> {result.Type}:
                return {result.Expression}

            """;

        // PROTO 2, GLOBAL __torch__ Net, EMPTY_TUPLE, NEWOBJ, EMPTY_DICT, MARK, 'training', NEWFALSE, SETITEMS, BUILD, STOP
        byte[] module = [0x80, 2, (byte)'c', .. "__torch__\nNet\n"u8, (byte)')', 0x81, (byte)'}', (byte)'(', (byte)'X', 8, 0, 0, 0, .. "training"u8, 0x89, (byte)'u', (byte)'b', (byte)'.'];
        File.Delete(path);
        using var archive = ZipFile.Open(path, ZipArchiveMode.Create);
        Add("model/data.pkl", module);
        Add("model/code/__torch__.py", System.Text.Encoding.UTF8.GetBytes(code.ReplaceLineEndings("\n")));
        Add("model/constants.pkl", [0x80, 2, (byte)')', (byte)'.']);
        Add("model/version", "3\n"u8.ToArray());

        void Add(string name, byte[] content)
        {
            using var entry = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
            entry.Write(content);
        }
    }
}
