"""Static checks of generated C: compilers' warnings, MISRA C, analysers, and a certificate for worst-case analysis."""

from arc_codegen.verify.check.certificate import Certificate, certify
from arc_codegen.verify.check.findings import Finding, ToolResult
from arc_codegen.verify.check.report import CheckReport, check_module
from arc_codegen.verify.check.tools import TOOLS

__all__ = ["TOOLS", "Certificate", "CheckReport", "Finding", "ToolResult", "certify", "check_module"]
