// Compiled twice: by the build, as an inline MSBuild task (LibTorchSharp.targets; only netstandard 2.0 is at hand there), and by the tests, without it.
using System;
using System.IO;
using System.Text;

namespace ZeroWorld.ML.Serving.TorchSharp.Build;

/// <summary>
/// Changes the versions that a 64-bit little-endian ELF library needs of other libraries (section .gnu.version_r, "Symbol Versioning" in the
/// Linux Standard Base).
/// </summary>
public static class ElfVersionNeeds
{
    private const uint SectionTypeVersionNeeds = 0x6ffffffe;
    private const ushort FlagWeak = 2;
    private const int SectionHeaderBytes = 64;

    /// <summary>
    /// Marks every need of a version as weak, so that the loader accepts a library that lacks it. Everything else stays as it is; where the
    /// file does not need the version, or is marked already, nothing changes.
    /// </summary>
    /// <param name="image">The whole file; changed in place.</param>
    /// <param name="version">Such as GLIBCXX_3.4.32.</param>
    /// <returns>Number of entries that were changed.</returns>
    /// <exception cref="InvalidDataException">The file is no 64-bit little-endian ELF file, or is damaged.</exception>
    public static int MarkWeak(byte[] image, string version) => Visit(image, version, change: true);

    /// <summary>Counts the needs of a version that are not weak; the same otherwise.</summary>
    public static int CountStrong(byte[] image, string version) => Visit(image, version, change: false);

    private static int Visit(byte[] image, string version, bool change)
    {
        if (image.Length < 64 || image[0] != 0x7f || image[1] != 'E' || image[2] != 'L' || image[3] != 'F' || image[4] != 2 || image[5] != 1)
        {
            throw new InvalidDataException("The file is not a 64-bit little-endian ELF file.");
        }

        var found = 0;
        var sections = ReadOffset(image, 0x28);
        int sectionCount = ReadUInt16(image, 0x3c);
        for (var index = 0; index < sectionCount; index++)
        {
            var section = sections + (index * SectionHeaderBytes);
            if (ReadUInt32(image, section + 4) != SectionTypeVersionNeeds)
            {
                continue;
            }

            var strings = ReadOffset(image, sections + ((int)ReadUInt32(image, section + 40) * SectionHeaderBytes) + 24);
            found += VisitNeeds(image, ReadOffset(image, section + 24), ReadUInt32(image, section + 44), strings, version, change);
        }

        return found;
    }

    /// <summary>Walks the libraries (vn_next) and the versions of each (vna_next).</summary>
    private static int VisitNeeds(byte[] image, int need, uint needCount, int strings, string version, bool change)
    {
        var found = 0;
        for (uint library = 0; library < needCount; library++)
        {
            int entryCount = ReadUInt16(image, need + 2);
            var entry = need + (int)ReadUInt32(image, need + 8);
            for (var index = 0; index < entryCount; index++)
            {
                var flags = ReadUInt16(image, entry + 4);
                if ((flags & FlagWeak) == 0 && ReadText(image, strings + (int)ReadUInt32(image, entry + 8)) == version)
                {
                    found++;
                    if (change)
                    {
                        image[entry + 4] = (byte)(flags | FlagWeak);
                    }
                }

                entry += (int)ReadUInt32(image, entry + 12);
            }

            need += (int)ReadUInt32(image, need + 12);
        }

        return found;
    }

    private static string ReadText(byte[] image, int start)
    {
        Check(image, start, 1);
        var end = Array.IndexOf(image, (byte)0, start);
        return end < 0 ? throw new InvalidDataException("A name in the ELF file does not end.") : Encoding.ASCII.GetString(image, start, end - start);
    }

    private static int ReadOffset(byte[] image, int position)
    {
        var low = ReadUInt32(image, position);
        var high = ReadUInt32(image, position + 4);
        return high != 0 || low > int.MaxValue
            ? throw new InvalidDataException("An offset in the ELF file lies beyond its end.")
            : (int)low;
    }

    private static uint ReadUInt32(byte[] image, int position)
    {
        return ReadUInt16(image, position) | ((uint)ReadUInt16(image, position + 2) << 16);
    }

    private static ushort ReadUInt16(byte[] image, int position)
    {
        Check(image, position, 2);
        return (ushort)(image[position] | (image[position + 1] << 8));
    }

    private static void Check(byte[] image, int position, int bytes)
    {
        if (position < 0 || position > image.Length - bytes)
        {
            throw new InvalidDataException("An offset in the ELF file lies beyond its end.");
        }
    }
}

#if !WITHOUT_MSBUILD
/// <summary>Copies an ELF library and marks one version need of the copy as weak.</summary>
public sealed class MarkElfVersionNeedWeak : Microsoft.Build.Utilities.Task
{
    [Microsoft.Build.Framework.Required]
    public string Source { get; set; }

    [Microsoft.Build.Framework.Required]
    public string Destination { get; set; }

    [Microsoft.Build.Framework.Required]
    public string Version { get; set; }

    public override bool Execute()
    {
        try
        {
            var image = File.ReadAllBytes(Source);
            var changed = ElfVersionNeeds.MarkWeak(image, Version);
            Directory.CreateDirectory(Path.GetDirectoryName(Destination));

            // Written beside and renamed, so that an interrupted build leaves no half file behind.
            File.WriteAllBytes(Destination + ".new", image);
            File.Delete(Destination);
            File.Move(Destination + ".new", Destination);
            Log.LogMessage("{0}: {1} needs of {2} marked as weak.", Destination, changed, Version);
        }
        catch (Exception exception) when (exception is IOException || exception is UnauthorizedAccessException)
        {
            Log.LogError("'{0}' cannot be made from '{1}': {2}", Destination, Source, exception.Message);
        }

        return !Log.HasLoggedErrors;
    }
}
#endif
