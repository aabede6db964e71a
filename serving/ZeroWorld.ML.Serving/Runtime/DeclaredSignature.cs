using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving;

/// <summary>Brings together what a model file takes and gives, and what was written down about it. For runtimes. Pure.</summary>
public static class DeclaredSignature
{
    /// <param name="package">The package with its settings.</param>
    /// <param name="file">What the file declares.</param>
    /// <param name="isSharedByFile">Whether the file itself says that the first axes of all its tensors are one axis.</param>
    /// <param name="needsTrial">Whether nobody but the file says that its rows are rows, so that <see cref="RowTrial"/> decides.</param>
    /// <returns>The file's tensors, as closely as they are known, and whether requests may share a run.</returns>
    /// <exception cref="ServingException"><see cref="ServingError.ModelRefused"/>: file and settings do not fit; the message names the tensor.</exception>
    public static ModelSignature Apply(ModelPackage package, ModelSignature file, bool isSharedByFile, out bool needsTrial)
    {
        ArgumentNullException.ThrowIfNull(package);
        ArgumentNullException.ThrowIfNull(file);
        needsTrial = false;

        // The manifest of a registered package gives every tensor its row axis; what else it says is compared where packages are loaded.
        if (package.Manifest.Inputs.Count > 0)
        {
            return file with { IsBatchable = true };
        }

        var settings = package.Settings;
        var signature = new ModelSignature(
            Merge("input", package, settings.Inputs, file.Inputs), Merge("output", package, settings.Outputs, file.Outputs)) { IsBatchable = settings.RowAxis != RowAxis.None };
        if (settings.RowAxis == RowAxis.FromFile)
        {
            needsTrial = isSharedByFile && signature.IsBatchable;
            return signature with { IsBatchable = needsTrial };
        }

        if (settings.RowAxis == RowAxis.Declared && !signature.HasRowAxis)
        {
            var fixedTensor = signature.Inputs.Concat(signature.Outputs).FirstOrDefault(static spec => !spec.IsOptional && !spec.HasRowAxis);
            throw Refuse(package, $"say that the first axis counts rows, but {(fixedTensor is null ? "the model takes no input" : $"that of '{fixedTensor}' does not have any size")}; set max_batch_size to 0, or leave it out");
        }

        // First axes of ragged inputs count elements: only who joins the requests knows their rows.
        return settings.RaggedInputs.Count > 0 ? signature with { IsBatchable = false } : signature;
    }

    private static TensorSpec[] Merge(string kind, ModelPackage package, IReadOnlyList<TensorSpec> declared, IReadOnlyList<TensorSpec> file)
    {
        TensorSpec[] merged = [.. file];
        foreach (var spec in declared)
        {
            var index = Array.FindIndex(merged, candidate => candidate.Name == spec.Name);
            if (index < 0)
            {
                var names = merged.Length == 0 ? "none" : string.Join(", ", merged.Select(static candidate => $"'{candidate.Name}'"));
                throw Refuse(package, $"declare the {kind} '{spec.Name}', the model file has {names}");
            }

            var found = merged[index];
            if (found.Dtype != spec.Dtype || !Fits(spec, found) || (spec.IsOptional && !found.IsOptional))
            {
                throw Refuse(package, $"declare the {kind} '{spec}'{(spec.IsOptional ? " (optional)" : "")}, the model file has '{found}'{(found.IsOptional ? " (optional)" : "")}");
            }

            merged[index] = spec with { IsOptional = found.IsOptional };
        }

        return merged;
    }

    private static bool Fits(TensorSpec declared, TensorSpec found) => found.IsAnyRank
        || (declared.Shape.Count == found.Shape.Count && declared.Shape.Zip(found.Shape).All(static pair => pair.Second == -1 || pair.First == pair.Second));

    private static ServingException Refuse(ModelPackage package, string reason) =>
        new(ServingError.ModelRefused, $"The settings of the model '{package.Manifest.Name}' do not fit its file: they {reason}.");
}
