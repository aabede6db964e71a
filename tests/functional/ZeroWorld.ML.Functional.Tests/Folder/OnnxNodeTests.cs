using System.Diagnostics;
using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Models.Onnx.Protos;
using ZeroWorld.ML.Serving;
using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Functional.Tests;

/// <summary>The node tests of the ONNX standard: one folder per case with a model and inputs.</summary>
internal static class OnnxNodeTests
{
    private const string Variable = "ZEROWORLD_ONNX_NODE_TESTS";

    // onnx 1.12 of Debian 12 uses names that its numpy no longer has.
    private const string Generate = """
        import sys, numpy
        for name, value in (('float', float), ('int', int), ('bool', bool), ('object', object)):
            if name not in numpy.__dict__:
                setattr(numpy, name, value)
        import onnx.backend.test.cmd_tools as tools
        sys.argv = ['tools', 'generate-data', '-o', sys.argv[1]]
        tools.main()
        """;

    /// <summary>The folder of the cases: where the variable points, or made by the generator of the system's package; skips without either.</summary>
    public static async Task<string> FindOrSkipAsync(TempFolder target, CancellationToken cancellationToken)
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named && Directory.Exists(named))
        {
            return named;
        }

        // Debian's own interpreter: another one on the search path does not have the package.
        const string Python = "/usr/bin/python3";
        if (!Directory.Exists("/usr/lib/python3/dist-packages/onnx") || !File.Exists(Python))
        {
            const string Reason = $"There are no node tests of ONNX: expected where {Variable} points, or the system package python3-onnx to make them.";
            if (Environment.GetEnvironmentVariable(SystemPackage.RequireVariable) == "1")
            {
                Assert.Fail(Reason);
            }

            Assert.Skip(Reason);
        }

        var folder = target.Combine("onnx");
        using var python = Process.Start(new ProcessStartInfo(Python, ["-W", "ignore", "-c", Generate, folder]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        _ = python.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = python.StandardError.ReadToEndAsync(cancellationToken);
        await python.WaitForExitAsync(cancellationToken);
        Assert.True(python.ExitCode == 0, await errors);
        return Path.Combine(folder, "node");
    }

    /// <summary>Tensors of <c>input_0.pb</c>, <c>input_1.pb</c>...; <see langword="null"/> when one of them is no tensor that the protocol can carry.</summary>
    public static List<TensorBuffer>? ReadInputs(string folder)
    {
        var inputs = new List<TensorBuffer>();
        while (File.Exists(Path.Combine(folder, $"input_{inputs.Count}.pb")))
        {
            TensorBuffer? tensor;
            try
            {
                tensor = Read(TensorProto.Parser.ParseFrom(File.ReadAllBytes(Path.Combine(folder, $"input_{inputs.Count}.pb"))));
            }
            catch (Exception exception) when (exception is InvalidProtocolBufferException or ArgumentException)
            {
                // A sequence or an optional value, which is another message.
                return null;
            }

            if (tensor is null)
            {
                return null;
            }

            inputs.Add(tensor);
        }

        return inputs;
    }

    /// <summary>Names of the inputs in the order of the files.</summary>
    public static IReadOnlyList<string> ReadInputNames(string path)
    {
        using var stream = File.OpenRead(path);
        return [.. ModelProto.Parser.ParseFrom(stream).Graph.Input.Select(static input => input.Name)];
    }

    private static TensorBuffer? Read(TensorProto proto)
    {
        long[] shape = [.. proto.Dims];
        TensorDtype? dtype = (TensorProto.Types.DataType)proto.DataType switch
        {
            TensorProto.Types.DataType.Float => TensorDtype.Float32,
            TensorProto.Types.DataType.Uint8 => TensorDtype.UInt8,
            TensorProto.Types.DataType.Int8 => TensorDtype.Int8,
            TensorProto.Types.DataType.Uint16 => TensorDtype.UInt16,
            TensorProto.Types.DataType.Int16 => TensorDtype.Int16,
            TensorProto.Types.DataType.Int32 => TensorDtype.Int32,
            TensorProto.Types.DataType.Int64 => TensorDtype.Int64,
            TensorProto.Types.DataType.String => TensorDtype.Bytes,
            TensorProto.Types.DataType.Bool => TensorDtype.Bool,
            TensorProto.Types.DataType.Float16 => TensorDtype.Float16,
            TensorProto.Types.DataType.Double => TensorDtype.Float64,
            TensorProto.Types.DataType.Uint32 => TensorDtype.UInt32,
            TensorProto.Types.DataType.Uint64 => TensorDtype.UInt64,
            TensorProto.Types.DataType.Bfloat16 => TensorDtype.BFloat16,
            _ => null,
        };
        if (dtype is not { } known)
        {
            return null;
        }

        if (known == TensorDtype.Bytes)
        {
            return TensorBuffer.OfStrings(shape, proto.StringData.Select(static text => text.ToByteArray()).ToArray());
        }

        if (proto.RawData.Length > 0)
        {
            return TensorBuffer.Of(known, shape, proto.RawData.ToByteArray());
        }

        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        foreach (var value in proto.FloatData)
        {
            writer.Write(value);
        }

        foreach (var value in proto.DoubleData)
        {
            writer.Write(value);
        }

        foreach (var value in proto.Int64Data)
        {
            writer.Write(value);
        }

        foreach (var value in proto.Uint64Data)
        {
            writer.Write(BitConverter.GetBytes(value).AsSpan(0, known.Width()));
        }

        foreach (var value in proto.Int32Data)
        {
            writer.Write(BitConverter.GetBytes(value).AsSpan(0, known.Width()));
        }

        return TensorBuffer.Of(known, shape, bytes.ToArray());
    }
}
