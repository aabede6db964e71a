using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>One version of a model in a folder: its files as they were when it was read.</summary>
/// <param name="Folder">Full path of the version's folder.</param>
/// <param name="Runtime"><c>onnx</c>, <c>torchscript</c> or <c>ensemble</c>.</param>
/// <param name="ModelFile">Name of the model file in it; empty for an ensemble.</param>
/// <param name="Files">All files, relative, in order.</param>
/// <param name="Digest"><c>folder:</c> and a hash of names, lengths and times of the files and of the configuration: changes when one of them does. It says nothing of their content.</param>
/// <param name="ChangedTime">The newest time of a file.</param>
/// <param name="Problem">Why it cannot be loaded, in a sentence; <see langword="null"/> otherwise.</param>
internal sealed record FolderVersion(
    string Folder, string Runtime, string ModelFile, IReadOnlyList<(string Path, long Bytes)> Files, string Digest, DateTimeOffset ChangedTime, string? Problem)
{
    private const int FilesMax = 10_000;

    private static readonly EnumerationOptions Everything = new() { AttributesToSkip = 0, RecurseSubdirectories = true, MaxRecursionDepth = 8, IgnoreInaccessible = false };

    public static FolderVersion Read(string root, string folder, ModelName model, long version, FolderModelConfig config, string configDigest)
    {
        var name = config.ModelFile ?? (config.Runtime switch
        {
            "onnx" => "model.onnx",
            "torchscript" => "model.pt",
            EnsembleRuntime.RuntimeName => "",
            _ => File.Exists(Path.Combine(folder, "model.pt")) && !Path.Exists(Path.Combine(folder, "model.onnx")) ? "model.pt" : "model.onnx",
        });
        var runtime = config.Runtime ?? (name.EndsWith(".pt", StringComparison.Ordinal) ? "torchscript" : "onnx");
        var files = new List<(string Path, long Bytes)>();
        var hash = new StringBuilder(configDigest);
        var changed = DateTime.UnixEpoch;
        var problem = LinkGuard.FindEscape(root, folder);
        if (problem is null)
        {
            foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*", Everything))
            {
                problem = files.Count == FilesMax ? $"its folder has more than {FilesMax} files" : LinkGuard.FindEscape(root, file.FullName);
                if (problem is not null)
                {
                    break;
                }

                var target = file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file;
                var path = Path.GetRelativePath(folder, file.FullName).Replace(Path.DirectorySeparatorChar, '/');
                var bytes = target.Exists ? target.Length : 0;
                files.Add((path, bytes));
                hash.Append(CultureInfo.InvariantCulture, $"\n{path}\t{bytes}\t{target.LastWriteTimeUtc.Ticks}");
                changed = target.LastWriteTimeUtc > changed ? target.LastWriteTimeUtc : changed;
            }
        }

        if (runtime == EnsembleRuntime.RuntimeName)
        {
            // Its models are elsewhere.
            name = "";
        }
        else if (!PackagePath.IsValid(name))
        {
            problem ??= $"the name of its model file is '{name}'; expected a path inside the folder of the version";
        }
        else if (Directory.Exists(Path.Combine(folder, name)))
        {
            // A model with weights beside it may be a folder of that name, as in Triton.
            name = $"{name}/model.onnx";
        }

        problem ??= runtime == EnsembleRuntime.RuntimeName || File.Exists(Path.Combine(folder, name)) ? null : $"its folder has no '{name}'";
        return new FolderVersion(
            folder,
            runtime,
            name,
            files,
            $"folder:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(hash.ToString())))}",
            new DateTimeOffset(changed, TimeSpan.Zero),
            problem is null ? null : $"Version {version} of the model '{model.Name}' cannot be served: {problem}.");
    }
}
